//! Connections that have not introduced themselves yet.
//!
//! There are at most so many; for another one, one of the address with the most of them goes, by lot. So a flood from one
//! address drives out nobody from another, and of those from the same address most stay long enough to introduce
//! themselves: driving out the oldest would hit exactly those that are about to.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::task::AbortHandle;

/// Most of them.
const MOST: usize = 256;

/// Connections that have not introduced themselves yet.
#[derive(Default)]
pub(super) struct Strangers(Vec<Stranger>);

struct Stranger {
    from: IpAddr,
    task: AbortHandle,
    /// Held by the task until it has introduced itself.
    token: Arc<()>,
}

impl Strangers {
    /// Adds a connection, whose task holds `token` until it has introduced itself.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub(super) fn add(&mut self, from: IpAddr, task: AbortHandle, token: Arc<()>) -> io::Result<()> {
        self.0.retain(|stranger| Arc::strong_count(&stranger.token) > 1);
        if self.0.len() >= MOST {
            let victim = self.victim(crate::random::unique()?);
            self.0.swap_remove(victim).task.abort();
        }
        self.0.push(Stranger { from, task, token });
        Ok(())
    }

    /// One of those from the address with the most.
    fn victim(&self, random: u64) -> usize {
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        self.0.iter().for_each(|stranger| *counts.entry(stranger.from).or_default() += 1);
        let most = counts.values().copied().max().unwrap_or_default();
        let among = |stranger: &Stranger| counts[&stranger.from] == most;
        let all: Vec<usize> = (0..self.0.len()).filter(|at| among(&self.0[*at])).collect();
        all[(random % all.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A task that waits for its introduction for ever.
    fn knock(strangers: &mut Strangers, from: [u8; 4]) -> tokio::task::JoinHandle<()> {
        let token = Arc::new(());
        let held = token.clone();
        let task = tokio::spawn(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        strangers.add(from.into(), task.abort_handle(), token).expect("there are random numbers");
        task
    }

    #[tokio::test]
    async fn a_flood_from_elsewhere_drives_nobody_out() {
        let mut strangers = Strangers::default();
        let member = knock(&mut strangers, [10, 0, 0, 1]);
        for _ in 0..5000 {
            knock(&mut strangers, [10, 0, 0, 2]);
        }
        tokio::task::yield_now().await;
        assert!(!member.is_finished());
        assert_eq!(strangers.0.len(), MOST);
    }

    /// The oldest are those that are about to introduce themselves.
    #[tokio::test]
    async fn most_stay_for_a_while_in_a_flood_from_their_own_address() {
        let mut strangers = Strangers::default();
        let mut knock = || knock(&mut strangers, [10, 0, 0, 1]);
        (0..MOST).for_each(|_| drop(knock()));
        let members: Vec<_> = (0..100).map(|_| knock()).collect();
        (0..MOST).for_each(|_| drop(knock()));
        tokio::task::yield_now().await;
        let stayed = members.iter().filter(|member| !member.is_finished()).count();
        assert!(stayed > 10, "{stayed} of 100 stayed");
    }
}
