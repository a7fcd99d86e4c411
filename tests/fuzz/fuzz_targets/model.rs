//! Any text goes through lexer, parser, formatter, rewriter and Rust back end without a panic; what
//! was formatted stays as it is, and translating twice is translating once.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mpcal_build::Config;

fuzz_target!(|text: &str| {
    let _ = mpcal_build::parse("model.tla", text);
    if let Ok(once) = mpcal_build::format("model.tla", text) {
        let twice = mpcal_build::format("model.tla", &once).expect("what was formatted can be formatted");
        assert_eq!(once, twice);
    }
    if let Ok(once) = Config::new().translate_text("model.tla", text, None) {
        // What stood between the markers is gone, and may have held half of the module.
        if let Ok(twice) = Config::new().translate_text("model.tla", &once, None) {
            assert_eq!(once, twice);
        }
    }
    let _ = Config::new().compile_text("model.tla", text, None);
});
