//! The generated code, run path by path over variables that are taken out and put back, reaches as many states as the
//! interpreter of the normal form, the same ends, and is stuck as often; and so does the checker, which remembers what
//! sections did.

use std::collections::HashMap;

use mpcal_build::Config;
use mpcal_check::{checker, Verdict};
use mpcal_tests::generate;
use mpcal_tests::plain::Plain;
use mpcal_tests::world;

/// More states than this are not explored.
const FEW: usize = 5_000;

/// Explores a random model as Rust; says whether it did.
macro_rules! run {
    ($model:ident, $text:expr) => {{
        let text: &str = $text;
        let expected = Config::new().explore(text, &HashMap::new(), FEW).ok();
        if let Some(expected) = &expected {
            let found = world::explore::<$model::Variables>($model::Constants {}).expect("it has initial states");
            let name = stringify!($model);
            assert!(found.failures.is_empty(), "{name}: {:?}\n{text}", found.failures);
            assert_eq!(found.states, expected.states, "{name}: states\n{text}");
            assert_eq!(found.stuck, expected.stuck, "{name}: stuck\n{text}");
            for threads in [1, 2] {
                let checked =
                    checker::<$model::Variables>($model::Constants {}).threads(threads).allow_deadlock().run();
                let checked = checked.expect("it has initial states");
                assert!(matches!(checked.verdict, Verdict::Holds), "{name}: {checked}\n{text}");
                assert_eq!(checked.distinct, expected.states as u64, "{name}: states on {threads} threads\n{text}");
            }
            assert_eq!(found.ends, expected.ends.iter().cloned().collect(), "{name}: ends\n{text}");
        }
        expected.is_some()
    }};
}

include!(concat!(env!("OUT_DIR"), "/random_models.rs"));

#[tokio::test]
async fn random_models_do_what_the_interpreter_says() {
    let explored = run_all().await;
    println!("{explored} models explored");
    assert!(explored >= 20);
}
