class Basic:
    CLASS_ID: int
