//! The `mpcal-build` command.

fn main() {
    let path = std::env::args().nth(1).unwrap_or_default();
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let source = mpcal_build::source::Source::new(path, text);
    let request = mpcal_build::pipeline::Request { pluscal: true, ..Default::default() };
    let output = mpcal_build::pipeline::run(&source, &|_| None, request);
    println!("{}", mpcal_build::render::render(&source, &output.diagnostics, false));
    if let Some(t) = output.rewritten { std::fs::write(&source.path, t).unwrap(); }
}
