import re
p='docs/reference/diagnostics.md'
s=open(p).read()
m=re.search(r'<<<<<<< HEAD\n(.*?)=======\n(.*?)>>>>>>> [^\n]*\n',s,re.S)
s=s.replace(m[0], m[1]+"```\n\n"+m[2].replace("FAB120","FAB121"))
open(p,'w').write(s)
