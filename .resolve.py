import re
def resolve(p, *choices):
    s=open(p).read()
    parts=re.split(r'<<<<<<< HEAD\n(.*?)=======\n(.*?)>>>>>>> [^\n]*\n', s, flags=re.S)
    out=parts[0]; n=0
    for i in range(1,len(parts),3):
        ours, theirs = parts[i],parts[i+1]
        c=choices[n]; n+=1
        out+= {'o':ours,'t':theirs,'both':ours+theirs}.get(c, c) + parts[i+2]
    assert n==len(choices),(p,n)
    open(p,'w').write(out)
resolve('scenario_runner/api/__init__.py','''from scenario_runner.api.ledger import (
    FetchedPart,
    Ledger,
    Renditions,
    Retrieved,
    SentEarlier,
    SentInstance,
    acknowledged,
)
''','''    "Fault",
    "Faults",
    "FetchRequest",
    "FetchResult",
    "Fetched",
    "FetchedPart",
''')
resolve('scenario_runner/api/targets.py','both','''        """Which of the operations it can do: echo, store, find, retrieve, move, fetch and so on."""
''')
resolve('scenario_runner/steps/delete.py','''        context.deleting(self.from_, studies, done=False)
        gone = target.by(self.via).delete(studies, context.deadline)
''')
resolve('scenario_runner/steps/send.py','''    Every instance's status is kept. Fails unless every instance was stored; a warning status counts
    as stored. ``save_as`` gives a list of ``{sop_instance_uid, status, class, comment}``, over
    DICOMweb also ``http`` (the status code) and ``retrieve_url``. STOW-RS gives reasons in the codes
    of C-STORE; an HTTP failure without a reason is 0110, and A700 for 413 and 503.

    A rerun sends only what the run it repeats saw no acknowledgement for; what it did is listed with
    ``earlier``, the run that sent it.
''','''def _plain(sent: SentInstance) -> dict[str, Any]:
    status = sent.status
    plain: dict[str, Any] = {
''','''    if status.http is not None:
        plain |= {"http": status.http, "retrieve_url": status.retrieve_url}
    if sent.earlier is not None:
        plain["earlier"] = sent.earlier
        if not acknowledged(status):
            plain["class"] = "warning"
            plain["comment"] = f"it is there from {sent.earlier}, whose answer was lost"
''')
