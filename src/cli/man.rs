//! `man`: a manual page, from the same definitions as `--help`.

use std::io::Write as _;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::ManArgs;
use super::command;
use super::failure::Failure;
use super::output::{Output, whole};
use crate::model::exit_code::ExitCode;
use crate::report::exit_codes;
use crate::report::verb::man as words;

pub fn run(output: &Output, args: ManArgs) -> Result<ExitCode, Failure> {
    let verb = args.verb.as_deref();
    whole(&page(verb), words::PAGE)?;
    if output.appearance.fitted_stdout {
        output.note(words::source(verb));
    }
    Ok(ExitCode::Done)
}

/// The page of a verb, or of kanmon itself, in roff.
fn page(verb: Option<&str>) -> String {
    let mut command = command::command();
    command.build();
    let about = verb.and_then(|verb| command.find_subcommand(verb)).unwrap_or(&command).clone();
    let title = about.get_display_name().unwrap_or(about.get_name()).to_owned();
    let man = Man::new(about);
    let mut text = Vec::new();
    let parts = |out: &mut Vec<u8>| -> std::io::Result<()> {
        // A page without a date, so that the same source gives the same page. (clap_mangen would leave the place of the date out.)
        writeln!(out, ".TH {title} 1 \"\" \"kanmon {}\" \"{}\"", env!("CARGO_PKG_VERSION"), words::MANUAL)?;
        man.render_name_section(out)?;
        man.render_synopsis_section(out)?;
        man.render_description_section(out)?;
        man.render_options_section(out)?;
        if verb.is_none() {
            man.render_subcommands_section(out)?;
        }
        exit_status().to_writer(out)
    };
    // Writing to a vector does not fail.
    let _ = parts(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn exit_status() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for code in ExitCode::ALL {
        roff.control("TP", []);
        roff.text([bold(code.number().to_string())]);
        roff.text([roman(exit_codes::meaning(code))]);
    }
    roff
}
