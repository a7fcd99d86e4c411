------------------------------ MODULE Bitwise ------------------------------
\* Numbers are not negative.
LOCAL INSTANCE Integers

RECURSIVE Both(_, _)
LOCAL Both(a, b) == IF a = 0 \/ b = 0 THEN 0 ELSE (a % 2) * (b % 2) + 2 * Both(a \div 2, b \div 2)

a & b == Both(a, b)
a | b == a + b - Both(a, b)
a ^^ b == a + b - 2 * Both(a, b)

\* The bits up to the highest one, turned over.
RECURSIVE Not(_)
Not(a) == IF a = 0 THEN 0 ELSE (1 - (a % 2)) + 2 * Not(a \div 2)

RECURSIVE shiftR(_, _)
shiftR(a, count) == IF count = 0 THEN a ELSE shiftR(a \div 2, count - 1)
============================================================================
