//! Integers: 64 bits, checked.

use crate::{fail, Eval, EvalError, Set};

fn checked(result: Option<i64>, a: i64, op: &str, b: i64) -> Eval<i64> {
    result.ok_or_else(|| EvalError(format!("{a} {op} {b} does not fit in 64 bits")))
}

/// `a + b`
pub fn add(a: i64, b: i64) -> Eval<i64> {
    checked(a.checked_add(b), a, "+", b)
}

/// `a - b`
pub fn subtract(a: i64, b: i64) -> Eval<i64> {
    checked(a.checked_sub(b), a, "-", b)
}

/// `a * b`
pub fn multiply(a: i64, b: i64) -> Eval<i64> {
    checked(a.checked_mul(b), a, "*", b)
}

/// `-a`
pub fn negate(a: i64) -> Eval<i64> {
    checked(a.checked_neg(), 0, "-", a)
}

/// `a \div b`, rounded down.
pub fn divide(a: i64, b: i64) -> Eval<i64> {
    if b == 0 {
        return fail(format!("{a} \\div 0"));
    }
    let quotient = checked(a.checked_div(b), a, "\\div", b)?;
    Ok(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
}

/// `a % b`, never negative; TLC wants `b` positive.
pub fn modulo(a: i64, b: i64) -> Eval<i64> {
    if b <= 0 {
        fail(format!("{a} % {b}: the divisor must be positive"))
    } else {
        Ok(a.rem_euclid(b))
    }
}

/// `a ^ b`; TLC wants `b` natural, and one of them not 0.
pub fn power(a: i64, b: i64) -> Eval<i64> {
    if (a, b) == (0, 0) {
        return fail("0 ^ 0 is undefined");
    }
    match u32::try_from(b) {
        Ok(exponent) if b >= 0 => checked(a.checked_pow(exponent), a, "^", b),
        _ if matches!(a, 0 | 1) && b > 0 => Ok(a),
        _ => fail(format!("{a} ^ {b}: the exponent is out of range")),
    }
}

/// The most elements a set may be enumerated to.
pub(super) const MAX_ELEMENTS: u64 = 1 << 24;

/// `a..b`
pub fn range(a: i64, b: i64) -> Eval<Set<i64>> {
    if a <= b && b.abs_diff(a) >= MAX_ELEMENTS {
        return fail(format!("{a}..{b} is too large to enumerate"));
    }
    Ok((a..=b).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_down_and_the_remainder_is_natural() {
        assert_eq!(divide(-7, 2), Ok(-4));
        assert_eq!(divide(7, -2), Ok(-4));
        assert_eq!(divide(-7, -2), Ok(3));
        assert_eq!(modulo(-7, 3), Ok(2));
        assert!(divide(1, 0).is_err() && modulo(1, 0).is_err() && divide(i64::MIN, -1).is_err());
    }

    #[test]
    fn overflow_is_an_error() {
        assert!(add(i64::MAX, 1).is_err() && negate(i64::MIN).is_err() && power(2, 63).is_err());
        assert_eq!(power(2, 62), Ok(1 << 62));
    }

    #[test]
    fn a_huge_range_is_refused() {
        assert!(range(i64::MIN, i64::MAX).is_err());
        assert_eq!(range(3, 1).map(|s| s.len()), Ok(0));
    }
}
