//! Long texts, in the reader's pager.

use std::io::Write;
use std::process::{Command, Stdio};

use super::output::Output;
use crate::report::text::Text;

/// What shows a page where the environment names nothing: with colours, and gone at once where everything fits.
const DEFAULT: &str = "less -FRX";

/// Shows a text in the pager of a terminal (`KANMON_PAGER`, `PAGER`, or less); prints it where there is none.
pub fn show(output: &Output, text: &Text) {
    if !output.appearance.fitted_stderr || !paged(text) {
        output.note(text.clone());
    }
}

/// Whether a pager has shown it.
fn paged(text: &Text) -> bool {
    let named = ["KANMON_PAGER", "PAGER"].into_iter().find_map(std::env::var_os);
    if named.as_ref().is_some_and(|pager| pager.is_empty() || pager == "cat") {
        return false;
    }
    // As git and man do: the variable is a command line, which the reader has written.
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(named.unwrap_or_else(|| DEFAULT.into())).stdin(Stdio::piped());
    // stdout carries data only.
    shell.stdout(std::io::stderr());
    if std::env::var_os("LESS").is_none() {
        shell.env("LESS", "FRX");
    }
    let Ok(mut pager) = shell.spawn() else { return false };
    if let Some(mut page) = pager.stdin.take() {
        // A reader may leave before the end.
        let _ = writeln!(page, "{}", text.shown());
    }
    pager.wait().is_ok_and(|status| status.success())
}
