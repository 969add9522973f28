//! Printing: stdout carries data, stderr carries progress.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use indicatif::{MultiProgress, ProgressDrawTarget};
use serde_json::{Value, json as value};

use super::appearance::{self, Appearance, Flags, Terminals};
use super::args::{Form, Global};
use super::failure::Failure;
use super::terminal_width;
use crate::model::visible;
use crate::report::json;
use crate::report::paint::Paint;
use crate::report::summary::below;
use crate::report::text::Text;
use crate::report::verb::export;

/// Writes data that is useful only as a whole: a part of it could not be read, or would look damaged.
pub fn whole(text: &str, what: &str) -> Result<(), Failure> {
    let obeyed = |c: char| visible::is_harmful(c) && c != '\n';
    if std::io::stdout().is_terminal() && text.chars().any(obeyed) {
        return Err(Failure::wrong(export::control_characters(what)));
    }
    std::io::stdout().write_all(text.as_bytes()).map_err(|e| Failure::access(export::not_written(what, e)))
}

#[derive(Clone)]
pub struct Output {
    pub form: Form,
    /// Colour on stdout and on stderr.
    pub out: Paint,
    pub err: Paint,
    /// Whether questions can be asked.
    pub interactive: bool,
    /// Draws the spinners on stderr; other lines go through it, so that they do not overwrite each other.
    pub bars: MultiProgress,
    /// Whether the state is deleted afterwards, like the demo's.
    pub temporary: bool,
    pub appearance: Appearance,
}

impl Output {
    pub fn new(global: &Global) -> Output {
        let terminals = Terminals {
            stdin: std::io::stdin().is_terminal(),
            stdout: std::io::stdout().is_terminal(),
            stderr: std::io::stderr().is_terminal(),
        };
        let flags = Flags { no_color: global.no_color, json: global.output == Form::Json };
        let appearance = appearance::decide(terminals, flags, |name| std::env::var(name).ok());
        let bars = if appearance.spinners { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Output {
            form: global.output,
            out: Paint(appearance.colored_stdout),
            err: Paint(appearance.colored_stderr),
            interactive: appearance.questions,
            bars: MultiProgress::with_draw_target(bars),
            temporary: false,
            appearance,
        }
    }

    /// How many cells a line of stdout has, where it is a terminal.
    pub fn out_width(&self) -> Option<usize> {
        terminal_width::of_stdout().filter(|_| self.appearance.fitted_stdout)
    }

    /// The same of stderr.
    pub fn err_width(&self) -> Option<usize> {
        terminal_width::of_stderr().filter(|_| self.appearance.fitted_stderr)
    }

    /// How many lines fit on stderr, where it is a terminal.
    pub fn err_height(&self) -> Option<usize> {
        terminal_width::lines_of_stderr()
    }

    /// Has libraries log on stderr, as much as `--verbose` says.
    pub fn start_log(&self, verbose: u8) {
        let level = match verbose {
            0 => return,
            1 => "kanmon=info,warn",
            2 => "kanmon=debug,info",
            // reqwest logs where it is redirected to, and a blob's address at ECR holds its own permission.
            _ => "kanmon=trace,debug,hyper=info,h2=info,rustls=info,reqwest=info",
        };
        tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::new(level))
            .with_writer(|| Visible(std::io::stderr()))
            .with_ansi(false)
            .init();
    }

    /// Prints data: a string is one line, several lines are a [`Text`]. A closed pipe does not stop anything.
    pub fn print(&self, text: impl Into<Text>) {
        self.data(&text.into().shown());
    }

    /// The same on stderr.
    pub fn note(&self, text: impl Into<Text>) {
        let text = text.into().shown();
        let _ = self.bars.suspend(|| writeln!(std::io::stderr(), "{text}"));
    }

    /// A value for programs.
    pub fn value(&self, value: &Value) {
        // A `Value` can always be written as JSON.
        self.data(&json::text(value).unwrap_or_default());
    }

    fn data(&self, text: &str) {
        // Spinners are on the same screen.
        let _ = self.bars.suspend(|| writeln!(std::io::stdout(), "{text}"));
    }

    /// A warning: something to know that stops nothing.
    pub fn warn(&self, text: &str) {
        let text = format!("{}: {text}", self.err.careful("warning"));
        self.note(Text::from(text).wrapped(self.err_width(), 2));
    }

    /// Data for people or for programs.
    pub fn result<T: Into<Text>>(&self, human: impl FnOnce() -> T, machine: impl FnOnce() -> Value) {
        match self.form {
            Form::Human => self.print(human()),
            Form::Json => self.value(&machine()),
        }
    }

    /// Prints a failure; returns its exit code.
    pub fn fail(&self, failure: &Failure) -> ExitCode {
        if self.form == Form::Json {
            let line = value!({
                "v": crate::model::event::EVENT_VERSION,
                "at": jiff::Timestamp::now(),
                "kind": "finished",
                "outcome": "error",
                "sentence": failure.sentence,
                "cause": failure.cause,
                "hints": failure.hints,
                "reason": { "code": failure.reason },
                "exit": failure.code.number(),
            });
            self.value(&line);
        } else {
            let mut text = Text::from(format!("{}: {}", self.err.bad("error"), failure.sentence));
            if let Some(cause) = &failure.cause {
                text = text.and(below("cause", cause));
            }
            for hint in &failure.hints {
                text = text.and(below("hint", hint));
            }
            self.note(text.wrapped(self.err_width(), 2));
        }
        ExitCode::from(failure.code.number())
    }

    /// Asks on stderr, and reads a line; `None` where nobody answers. What was typed before the question is no answer to it.
    pub fn prompt(&self, question: &str) -> Option<String> {
        if !self.interactive {
            return None;
        }
        let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
        let _ = write!(std::io::stderr(), "{} ", visible::line(question));
        let _ = std::io::stderr().flush();
        let mut line = String::new();
        match std::io::stdin().read_line(&mut line).ok()? {
            0 => None,
            _ => Some(line.trim().to_owned()),
        }
    }
}

/// The log of libraries, without characters that a terminal would act on.
struct Visible<W>(W);

impl<W: Write> Write for Visible<W> {
    /// The log writes whole lines.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.0.write_all(Text::laid_out(&text).shown().as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
