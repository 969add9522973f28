//! A release's events, as they happen: spinners and lines on stderr for people, events on stdout for programs.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use jiff::Timestamp;

use super::args::Form;
use super::output::Output;
use crate::model::effect::Effect;
use crate::model::event::Event;
use crate::model::fault::Fault;
use crate::model::progress::Progress;
use crate::model::reason::Watched;
use crate::model::release::Release;
use crate::model::visible;
use crate::model::waiting::Wait;
use crate::ports::sink::Sink;
use crate::report::json;
use crate::report::paint::Paint;
use crate::report::story::{self, Mark};
use crate::report::text::Text;
use crate::report::{effect, progress, waiting};

/// The sink for the form of output and the terminal.
pub fn sink(output: &Output, verbose: u8) -> Box<dyn Sink> {
    match (output.form, output.appearance.spinners) {
        (Form::Json, _) => Box::new(Json),
        (Form::Human, true) => Box::new(Screen::new(output, verbose)),
        (Form::Human, false) => Box::new(Log::new(std::io::stderr(), output.err, verbose, Instant::now())),
    }
}

/// One event a line on stdout.
struct Json;

impl Sink for Json {
    fn event(&mut self, event: &Event, _: &Release) {
        // A closed pipe never stops a release.
        let _ = json::line(&mut std::io::stdout(), event);
    }

    fn waiting(&mut self, _: &[Wait]) {}

    fn progress(&mut self, _: &Effect, _: &Progress) {}

    /// It is not a fact of the release, and stdout has only facts.
    fn unread(&mut self, what: &Watched, why: Option<&Fault>) {
        let _ = writeln!(std::io::stderr(), "{}", story::unread(what, why).render(Paint(false), None).shown());
    }
}

/// Facts as lines: details only with --verbose, and no line twice in a row.
struct Lines {
    paint: Paint,
    verbose: u8,
    last: Text,
}

impl Lines {
    fn of(&mut self, event: &Event, release: &Release, width: Option<usize>) -> Option<Text> {
        let line = story::line(event, release)?;
        if line.mark == Mark::Detail && self.verbose == 0 {
            return None;
        }
        let text = line.render(self.paint, width);
        (text != self.last).then(|| {
            self.last.clone_from(&text);
            text
        })
    }
}

/// A terminal: lines for what has happened; below them a spinner for each wait.
struct Screen {
    lines: Lines,
    bars: MultiProgress,
    /// By topic, so that a wait keeps its time when its text changes.
    spinning: BTreeMap<String, ProgressBar>,
}

impl Screen {
    fn new(output: &Output, verbose: u8) -> Screen {
        let lines = Lines { paint: output.err, verbose, last: Text::new() };
        Screen { lines, bars: output.bars.clone(), spinning: BTreeMap::new() }
    }

    fn print(&self, text: impl Into<Text>) {
        let _ = self.bars.println(text.into().shown());
    }
}

impl Sink for Screen {
    fn event(&mut self, event: &Event, release: &Release) {
        let width = super::terminal_width::of_stderr();
        if let Some(text) = self.lines.of(event, release, width) {
            self.print(text);
        }
    }

    fn waiting(&mut self, what: &[Wait]) {
        let what: Vec<(String, &Wait)> =
            what.iter().map(|wait| (visible::line(&waiting::text(wait)).into_owned(), wait)).collect();
        self.spinning.retain(|topic, bar| {
            let keep = what.iter().any(|(line, _)| topic_of(line) == topic);
            if !keep {
                bar.finish_and_clear();
            }
            keep
        });
        for (line, wait) in &what {
            match self.spinning.get(topic_of(line)) {
                Some(bar) if bar.message().starts_with(line.as_str()) => bar.set_style(spinner(wait)),
                Some(bar) => {
                    bar.set_style(spinner(wait));
                    bar.set_message(line.clone());
                }
                None => {
                    let bar = self.bars.add(ProgressBar::new_spinner());
                    bar.set_style(spinner(wait));
                    bar.set_message(line.clone());
                    bar.enable_steady_tick(Duration::from_millis(120));
                    self.spinning.insert(topic_of(line).to_owned(), bar);
                }
            }
        }
    }

    fn progress(&mut self, of: &Effect, progress: &Progress) {
        let line = progress::text(progress);
        if self.lines.verbose > 0 {
            self.print(format!("  {}", self.lines.paint.faint(&line)));
        } else if let Some(bar) = self.spinning.get(&*visible::line(&effect::text(of))) {
            bar.set_message(visible::line(&format!("{}: {line}", effect::text(of))).into_owned());
        }
    }

    fn unread(&mut self, what: &Watched, why: Option<&Fault>) {
        self.print(story::unread(what, why).render(self.lines.paint, super::terminal_width::of_stderr()));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        for bar in self.spinning.values() {
            bar.finish_and_clear();
        }
    }
}

/// A wait, with its time in seconds that move.
fn spinner(wait: &Wait) -> ProgressStyle {
    let wait = wait.clone();
    let style = ProgressStyle::with_template("{spinner} {wide_msg} {time}");
    style.unwrap_or_else(|_| ProgressStyle::default_spinner()).with_key(
        "time",
        move |_: &ProgressState, to: &mut dyn std::fmt::Write| {
            let _ = to.write_str(&waiting::time(&wait, Timestamp::now()));
        },
    )
}

/// What a wait is about: the text before its colon.
fn topic_of(line: &str) -> &str {
    line.split(": ").next().unwrap_or(line)
}

/// A log: lines only. The waits are printed when nothing else was printed for a while, so that it never looks like a hang.
struct Log<W> {
    lines: Lines,
    to: W,
    printed_at: Instant,
}

/// How long a log may be silent.
const SILENCE: Duration = Duration::from_secs(60);

impl<W: Write + Send> Log<W> {
    fn new(to: W, paint: Paint, verbose: u8, now: Instant) -> Log<W> {
        Log { lines: Lines { paint, verbose, last: Text::new() }, to, printed_at: now }
    }

    fn print(&mut self, text: impl Into<Text>, now: Instant) {
        let _ = writeln!(self.to, "{}", text.into().shown());
        self.printed_at = now;
    }

    /// Prints the waits, if nothing else was printed for long enough.
    fn remind(&mut self, waits: &[Wait], now: Instant, at: Timestamp) {
        if now.duration_since(self.printed_at) >= SILENCE && !waits.is_empty() {
            self.print(waiting::reminder(waits, at), now);
        }
    }
}

impl<W: Write + Send> Sink for Log<W> {
    fn event(&mut self, event: &Event, release: &Release) {
        if let Some(text) = self.lines.of(event, release, None) {
            self.print(text, Instant::now());
        }
    }

    fn waiting(&mut self, what: &[Wait]) {
        self.remind(what, Instant::now(), Timestamp::now());
    }

    fn progress(&mut self, _: &Effect, progress: &Progress) {
        if self.lines.verbose > 0 {
            let text = format!("  {}", self.lines.paint.faint(&progress::text(progress)));
            self.print(text, Instant::now());
        }
    }

    fn unread(&mut self, what: &Watched, why: Option<&Fault>) {
        let text = story::unread(what, why).render(self.lines.paint, None);
        self.print(text, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::waiting::Waiting;

    #[test]
    fn a_log_reports_what_cannot_be_read_and_when_it_can_be_read_again() {
        let mut log = Log::new(Vec::new(), Paint(false), 0, Instant::now());
        let fault = crate::model::fault::samples::of(crate::model::fault::FaultKind::Throttled);
        let web = Watched::Service { stage: "dev".parse().unwrap(), service: "web".parse().unwrap() };
        log.unread(&web, Some(&fault));
        log.unread(&web, None);
        insta::assert_snapshot!(String::from_utf8(log.to).unwrap(), @"
        ! reading          dev/web cannot be read now: AWS throttles ecs:DescribeServices on service web of cluster shop in account dev; kanmon keeps trying
        · reading          dev/web can be read again
        ");
    }

    #[test]
    fn a_log_is_never_silent_for_much_more_than_a_minute_even_if_the_text_of_a_wait_changes() {
        let start = Instant::now();
        let mut log = Log::new(Vec::new(), Paint(false), 0, start);
        for second in (0..=200).step_by(5) {
            let lock = Waiting::Lock { stage: "prod".parse().unwrap() };
            let wait = Wait::at_most(lock, Timestamp::UNIX_EPOCH, jiff::SignedDuration::from_mins(45));
            let at = Timestamp::from_second(second).unwrap();
            log.remind(&[wait], start + Duration::from_secs(u64::try_from(second).unwrap()), at);
        }
        let printed = String::from_utf8(log.to).unwrap();
        insta::assert_snapshot!(printed, @"
        · waiting: prod is locked by another release (1m 00s, at most 45m)
        · waiting: prod is locked by another release (2m 00s, at most 45m)
        · waiting: prod is locked by another release (3m 00s, at most 45m)
        ");
    }

    #[test]
    fn the_topic_of_a_wait_is_the_text_before_its_colon() {
        assert_eq!(topic_of("dev/web: 1/2 running; app exited: 3"), "dev/web");
        assert_eq!(topic_of("build and push app"), "build and push app");
    }
}
