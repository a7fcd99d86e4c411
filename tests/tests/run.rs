//! The fixtures run as Rust, each model in its own environment, and end in a state that the
//! interpreter of the normal form reaches, too, and that is as the fixture says.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use mpcal_build::Config;
use mpcal_runtime::value::Value;
use mpcal_runtime::Node;
use mpcal_tests::fixture::Fixture;
use mpcal_tests::fixtures;
use tokio::time::timeout;

/// Runs all processes of a model to their end, once with every type a `Value`; gives its variables.
macro_rules! run {
    ($model:ident, $name:literal) => {{
        run!(untyped, $name, "_untyped");
        run!($model, $name, "")
    }};
    ($model:ident, $name:literal, $suffix:literal) => {{
        mod $model {
            include!(concat!(env!("OUT_DIR"), "/", $name, $suffix, ".rs"));
        }
        let constants = Arc::new($model::Constants::checked());
        let variables = $model::Variables::new(&constants).expect("the variables have initial values");
        let mut node = Node::new();
        variables.spawn(&mut node, &constants).expect("the processes start");
        timeout(Duration::from_secs(20), node.join()).await.expect("the model ends").expect("nothing fails");
        assert_is_end($name, &variables.values());
        variables
    }};
}

fn assert_is_end(name: &str, end: &[Value]) {
    let fixture = Fixture::one("models", name);
    let mut config = Config::new();
    config.include(fixtures("models/modules"));
    if let Some(constants) = fixture.configuration() {
        config.configuration(constants);
    }
    let explored = config.explore(&fixture.text, &HashMap::new(), 100_000).expect("the model can be explored");
    assert!(explored.ends.contains(end), "{end:?} is not an end of the model, those are {:?}", explored.ends);
}

include!(concat!(env!("OUT_DIR"), "/models.rs"));
