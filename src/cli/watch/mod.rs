//! `watch`: the releases and stages of a pipeline on a full screen, live, and the decisions that they wait for.
//!
//! `state` is changed by events alone, `view` says in texts what it looks like, and `draw` puts these on the screen. What reads and what sends
//! are tasks of their own, so that a key never waits for AWS.

mod decision;
mod draw;
mod event;
mod input;
mod state;
mod tasks;
mod terminal;
#[cfg(test)]
mod tests;
mod view;

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::SignedDuration;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use self::event::{Command, Event};
use self::state::State;
use self::tasks::Tasks;
use self::terminal::FullScreen;
pub use self::terminal::restore;
use super::args::{Form, Global, WatchArgs};
use super::context;
use super::failure::Failure;
use super::output::Output;
use super::state_location;
use crate::model::exit_code::ExitCode;
use crate::model::notice::Notice;
use crate::report::notice;
use crate::report::paint::Paint;
use crate::report::verb::watch as words;
use crate::usecase::context::{Context, Notices};

pub async fn run(global: &Global, output: &Output, args: WatchArgs) -> Result<ExitCode, Failure> {
    if output.form == Form::Json || !output.interactive || !terminal::can_be_drawn_on() {
        return Err(Failure::wrong(words::no_terminal()));
    }
    if global.verbose > 0 && terminal::has_log() {
        return Err(Failure::wrong(words::log_on_screen()));
    }
    let (sender, received) = mpsc::unbounded_channel();
    // The state of this machine is made by the first release, which may begin while this is on the screen.
    let loaded = context::load(global.pipeline.as_deref(), output)?;
    let is_missing = || state_location::is_missing(&loaded, global.state.as_deref());
    let was_missing = is_missing()?;
    let notices = Arc::new(Sent(sender.clone()));
    let open = || Ok::<_, Failure>(Context { notices: notices.clone(), ..context::open(global, output)? });
    let context = open()?;
    let state = State::new(context.pipeline.clone(), context.clock.now(), args.release.clone());
    let failed = |error: std::io::Error| Failure::access(words::terminal_failed(&error));
    let screen = FullScreen::take().map_err(failed)?;
    let mut tasks = Tasks::new(context, sender);
    tasks.begin().map_err(failed)?;
    tasks.read(args.release.clone());
    let mut watch = Watch { screen, state, received, paint: output.out, tasks };
    if was_missing {
        while watch.turn().await.map_err(failed)?.is_continue() {
            // One that is just being made cannot be opened yet.
            let Some(context) = (!is_missing()?).then(open).and_then(Result::ok) else { continue };
            watch.tasks.reopened(context, args.release);
            // What was printed about the state is drawn over.
            watch.screen.redraw().map_err(failed)?;
            return watch.run().await.map_err(failed);
        }
        return Ok(ExitCode::Done);
    }
    watch.run().await.map_err(failed)
}

/// The screen, and everything that it shows.
struct Watch {
    screen: FullScreen,
    state: State,
    received: UnboundedReceiver<Event>,
    paint: Paint,
    tasks: Tasks,
}

impl Watch {
    /// Until a person quits, or the process is asked to end.
    async fn run(&mut self) -> std::io::Result<ExitCode> {
        while self.turn().await?.is_continue() {}
        Ok(ExitCode::Done)
    }

    /// Draws, waits until something happens, and applies it. `Break`: the end.
    async fn turn(&mut self) -> std::io::Result<ControlFlow<()>> {
        self.draw()?;
        self.tasks.interest(self.state.interest());
        let mut next = self.received.recv().await;
        if next.is_none() {
            return Ok(ControlFlow::Break(()));
        }
        // What has happened meanwhile is drawn together.
        while let Some(event) = next {
            for command in self.state.update(event) {
                if self.carry_out(command)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            next = self.received.try_recv().ok();
        }
        Ok(ControlFlow::Continue(()))
    }

    fn carry_out(&mut self, command: Command) -> std::io::Result<ControlFlow<()>> {
        match command {
            Command::Quit => return Ok(ControlFlow::Break(())),
            Command::Suspend => self.screen.suspend()?,
            Command::Retake => self.screen.retake()?,
            Command::Redraw => self.screen.redraw()?,
            Command::Open { release, stage } => {
                let width = usize::from(self.screen.terminal.size()?.width);
                self.tasks.open(release, stage, self.paint, width);
            }
            Command::Answer { release, answer, decision } => self.tasks.answer(release, answer, decision),
        }
        Ok(ControlFlow::Continue(()))
    }

    fn draw(&mut self) -> std::io::Result<()> {
        // What is drawn can depend on how much of the body was in sight.
        for _ in 0..2 {
            let (state, paint) = (&self.state, self.paint);
            let mut seen = event::Drawn::default();
            self.screen.terminal.draw(|frame| {
                let view = view::view(state, usize::from(frame.area().width), paint);
                let (drawn, cursor) = draw::draw(&view, frame.area(), frame.buffer_mut());
                seen = drawn;
                if let Some(position) = cursor {
                    frame.set_cursor_position(position);
                }
            })?;
            let is_same = seen == self.state.drawn;
            self.state.update(Event::Drawn(seen));
            if is_same {
                break;
            }
        }
        Ok(())
    }
}

/// Use cases report on the screen: anything else on the terminal would be drawn over.
struct Sent(UnboundedSender<Event>);

impl Notices for Sent {
    fn notice(&self, what: &Notice) {
        // The screen may be gone already.
        let _ = self.0.send(Event::Notice(notice::words(what)));
    }
}

/// How often times on the screen move.
const TICK: SignedDuration = SignedDuration::from_secs(1);
