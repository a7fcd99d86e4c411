------------------------------- MODULE TLCExt -------------------------------
LOCAL INSTANCE TLC

AssertEq(a, b) == IF a = b THEN TRUE ELSE PrintT(<<a, b>>) /\ FALSE
TLCCache(value, closure) == value
TLCNoOp(value) == value
============================================================================
