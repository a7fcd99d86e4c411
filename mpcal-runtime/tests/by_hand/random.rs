//! Random numbers and settings of tests.

#![allow(dead_code, reason = "not every test has need of both")]

/// A setting of the environment, or its default.
pub fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Random numbers, the same for the same seed.
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    /// Numbers of their own for each of several who share a seed.
    pub fn new(seed: u64, of: u64) -> Self {
        Self(seed ^ (of + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound as u64) as usize
    }
}
