use std::process::ExitCode;

/// A defect of kanmon: its own exit code, so that it is never taken for an outcome of a release.
const DEFECT: i32 = 70;

fn main() -> ExitCode {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // What it quotes may be somebody else's.
        let quoted = info.to_string();
        match kanmon::model::visible::line(&quoted.replace('\n', " ")) {
            std::borrow::Cow::Borrowed(_) => default(info),
            std::borrow::Cow::Owned(seen) => eprintln!("{seen}"),
        }
        eprintln!(
            "error: this is a defect of kanmon; what was intended is in the journal, and `kanmon resume` reads it"
        );
        kanmon::image::clear_scratch();
        std::process::exit(DEFECT);
    }));
    kanmon::cli::main()
}
