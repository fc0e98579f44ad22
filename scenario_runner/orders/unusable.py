"""What a message or a resource says that no attribute of DICOM can hold."""


class Unusable(ValueError):
    """No value of the attribute can be made of what is there.

    hint: what would be right. left_out: the study does without it.
    """

    def __init__(self, message: str, hint: str = "", *, left_out: bool = False) -> None:
        super().__init__(message)
        self.message, self.hint, self.left_out = message, hint, left_out
