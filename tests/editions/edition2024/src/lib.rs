//! What the compiler generates passes the strictest lints of a user's crate.

#![deny(warnings, missing_docs, clippy::all, clippy::pedantic)]

/// The queue of work.
pub mod dqueue {
    include!("../../../snapshots/dqueue.rs");
}

/// The lock service.
pub mod locksvc {
    include!("../../../snapshots/locksvc.rs");
}

/// The proxy.
pub mod proxy {
    include!("../../../snapshots/proxy.rs");
}

/// The replicated store.
pub mod raftkv {
    include!("../../../snapshots/raftkv.rs");
}

/// Branches of a bank.
pub mod transfers {
    include!("../../../snapshots/transfers.rs");
}
