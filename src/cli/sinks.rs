//! A release's story, as it happens: bars and lines on stderr for people, events on stdout for programs.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::args::Form;
use super::output::Output;
use crate::model::effect::Effect;
use crate::model::event::Event;
use crate::model::release::Release;
use crate::ports::sink::Sink;
use crate::report::paint::Paint;
use crate::report::{json, story};

/// The sink that fits who reads.
pub fn sink(output: &Output, verbose: u8) -> Box<dyn Sink> {
    match output.form {
        Form::Json => Box::new(Json),
        Form::Human => Box::new(Human::new(output, verbose)),
    }
}

/// One event a line on stdout.
struct Json;

impl Sink for Json {
    fn event(&mut self, event: &Event, _: &Release) {
        // A reader that has gone away never stops a release.
        let _ = json::line(&mut std::io::stdout(), event);
    }

    fn waiting(&mut self, _: &[String]) {}

    fn said(&mut self, _: &Effect, _: &str) {}
}

/// Lines for what has happened; below them, on a terminal, a spinner for each thing that is waited for.
struct Human {
    paint: Paint,
    verbose: u8,
    bars: MultiProgress,
    spinning: BTreeMap<String, ProgressBar>,
    terminal: bool,
    /// Without a terminal: what was last said to be waited for, and when.
    told: (Vec<String>, Option<Instant>),
    last: String,
}

/// Without a terminal, how often the same wait is told again, so that a log never looks like a hang.
const REMIND: Duration = Duration::from_secs(60);

impl Human {
    fn new(output: &Output, verbose: u8) -> Human {
        Human {
            paint: output.err,
            verbose,
            bars: output.bars.clone(),
            spinning: BTreeMap::new(),
            terminal: output.terminal,
            told: (Vec::new(), None),
            last: String::new(),
        }
    }

    fn print(&self, line: &str) {
        if self.terminal {
            let _ = self.bars.println(line);
        } else {
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }
}

impl Sink for Human {
    fn event(&mut self, event: &Event, release: &Release) {
        if let Some(line) = story::tell(event, release) {
            let text = line.render(self.paint);
            // The same news twice in a row is one piece of news.
            if text != self.last {
                self.print(&text);
                self.last = text;
            }
        }
    }

    fn waiting(&mut self, what: &[String]) {
        if !self.terminal {
            let due = self.told.1.is_none_or(|at| at.elapsed() >= REMIND);
            if due && !what.is_empty() && self.told.1.is_some() {
                self.print(&format!("… {}", what.join("; ")));
            }
            if due || self.told.0 != what {
                self.told = (what.to_vec(), Some(Instant::now()));
            }
            return;
        }
        self.spinning.retain(|line, bar| {
            let keep = what.contains(line);
            if !keep {
                bar.finish_and_clear();
            }
            keep
        });
        for line in what {
            if !self.spinning.contains_key(line) {
                let bar = self.bars.add(ProgressBar::new_spinner());
                let style = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed:>4}");
                bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
                bar.set_message(line.clone());
                bar.enable_steady_tick(Duration::from_millis(120));
                self.spinning.insert(line.clone(), bar);
            }
        }
    }

    fn said(&mut self, effect: &Effect, line: &str) {
        if self.verbose > 0 {
            self.print(&format!("  {}", self.paint.faint(line)));
        } else if let Some(bar) = self.spinning.get(&effect.to_string()) {
            bar.set_message(format!("{effect}: {line}"));
        }
    }
}

impl Drop for Human {
    fn drop(&mut self) {
        for bar in self.spinning.values() {
            bar.finish_and_clear();
        }
    }
}
