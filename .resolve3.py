exec(open('.resolve.py').read().split("resolve('scenario_runner/api/__init__")[0])
resolve('scenario_runner/steps/retrieve.py','from pydantic import Field, field_validator, model_validator\n','both','''    """The level of the retrieval; frames are of an image, and rendered images too unless another
    level is given."""
    transfer_syntax: str | None = None
    """Take instances in this transfer syntax only, by name or UID; by default as sent, or uncompressed;
    over DICOMweb as they are stored."""
''','both')
s=open('scenario_runner/steps/retrieve.py').read()
def sub(a,b):
    global s
    assert a in s,a
    s=s.replace(a,b,1)
sub('''            raise ValueError("frames are those of an image: leave 'level' out, or say image")
        return self
''','''            raise ValueError("frames are those of an image: leave 'level' out, or say image")
        if self.accept and self.via not in (None, "wado"):
            raise ValueError(f"'accept' is DICOMweb's; 'via: {self.via}' has no such header")
        if self.transfer_syntax is not None and (self.accept or self.as_ != "instances"):
            raise ValueError("'transfer_syntax' is of instances; otherwise say it in 'accept' alone")
        return self

    @property
    def _way(self) -> str | None:
        """What only DICOMweb has is asked for over DICOMweb."""
        return "wado" if self.accept or self.as_ != "instances" else self.via
''')
sub('''        target = context.target(self.from_).by(self.via)
        folder''','''        target = context.target(self.from_).by(self._way)
        folder''')
sub('''context.target(self.from_).by(self.via), wanted)''','''context.target(self.from_).by(self._way), wanted)''')
sub('''            fetch = target.move if self.via == "c-move" else target.retrieve
            result = fetch(request''','''            ask = target.move if self.via == "c-move" else target.retrieve
            result = ask(request''')
sub('''        return [self.accept] if isinstance(self.accept, str) else self.accept
''','''        if self.transfer_syntax is not None:
            uid = transfer_syntax_uid(self.transfer_syntax)
            return [f'multipart/related; type="application/dicom"; transfer-syntax={uid}']
        return [self.accept] if isinstance(self.accept, str) else self.accept
''')
sub("metadata in JSON, frames uncompressed, rendered images as PNG or JPEG.","metadata in JSON, frames uncompressed, rendered images as JPEG.")
open('scenario_runner/steps/retrieve.py','w').write(s)
