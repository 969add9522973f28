use std::process::ExitCode;

fn main() -> ExitCode {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // What is printed on a full screen is lost with it.
        kanmon::cli::restore_terminal();
        // It may quote somebody else's text.
        let quoted = info.to_string();
        match kanmon::model::visible::line(&quoted.replace('\n', " ")) {
            std::borrow::Cow::Borrowed(_) => default(info),
            std::borrow::Cow::Owned(seen) => eprintln!("{seen}"),
        }
        eprintln!("error: {}", kanmon::report::verb::defect::PANICKED);
        kanmon::image::clear_scratch();
        // Its own code, so that it is never taken for an outcome of a release.
        std::process::exit(i32::from(kanmon::model::exit_code::ExitCode::Defect.number()));
    }));
    kanmon::cli::main()
}
