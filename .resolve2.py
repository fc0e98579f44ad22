import re
exec(open('.resolve.py').read().split("resolve('scenario_runner/api/__init__")[0])
resolve('scenario_runner/language/catalogue.py','''        "FAB120": "a file that is not there",
        "FAB121": "a way that the target does not have",
''')
s=open('scenario_runner/language/references.py').read()
m=re.search(r'<<<<<<< HEAD\n(    """Unknown.*?)=======\n.*?>>>>>>> [^\n]*\n',s,re.S)
s=s.replace(m[0],'    """Unknown targets, validators and attributes, missing files, and ways a target does not have.\n')
m=re.search(r'<<<<<<< HEAD\n(def _file.*?)=======\n(.*?)>>>>>>> [^\n]*\n    \)\n',s,re.S)
s=s.replace(m[0], m[1]+"    )\n\n\n"+m[2].replace("FAB120","FAB121")+"    )\n")
open('scenario_runner/language/references.py','w').write(s)
