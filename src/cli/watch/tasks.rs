//! What runs beside the screen: reading, sending, and listening to signals. Each sends events.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::event::{Event, Sheet};
use super::{TICK, input};
use crate::cli::failure::Failure;
use crate::model::approval::Answer;
use crate::model::ids::{ReleaseId, StageName};
use crate::report::paint::Paint;
use crate::report::review;
use crate::report::verb::answer as words;
use crate::report::words::Words;
use crate::usecase::answer::{self, Answered, Decision};
use crate::usecase::context::Context;
use crate::usecase::error::Error;
use crate::usecase::watch::decision::{self, Opened};
use crate::usecase::watch::live::{self, Interest, LiveSchedule};
use crate::usecase::watch::record::{self, RecordReader};

/// A state that cannot be read is left alone for this long.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// The session name for reading services.
const SESSION: &str = "kanmon-watch";

pub struct Tasks {
    context: Context,
    events: UnboundedSender<Event>,
    interest: watch::Sender<Interest>,
    /// The record is to be read now.
    now: Arc<Notify>,
    /// What reads the state and the services.
    readers: JoinSet<()>,
}

impl Tasks {
    pub fn new(context: Context, events: UnboundedSender<Event>) -> Tasks {
        let (interest, now) = (watch::channel(Interest::default()).0, Arc::new(Notify::new()));
        Tasks { context, events, interest, now, readers: JoinSet::new() }
    }

    /// Starts what runs until the process ends.
    ///
    /// # Errors
    /// Where signals or the terminal cannot be listened to.
    pub fn begin(&self) -> std::io::Result<()> {
        let ends = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup(), SignalKind::quit()];
        for kind in ends {
            self.on_signal(kind, || Event::Ended)?;
        }
        self.on_signal(SignalKind::from_raw(Signal::CONT.as_raw()), || Event::Continued)?;
        input::listen(self.events.clone())?;
        tokio::spawn(tick(self.context.clone(), self.events.clone()));
        Ok(())
    }

    fn on_signal(&self, kind: SignalKind, event: fn() -> Event) -> std::io::Result<()> {
        let (mut signals, events) = (signal(kind)?, self.events.clone());
        tokio::spawn(async move { while signals.recv().await.is_some() && events.send(event()).is_ok() {} });
        Ok(())
    }

    /// Reads from now on. `also`: a release to read even if it is an old one.
    pub fn read(&mut self, also: Option<ReleaseId>) {
        let (context, events) = (&self.context, &self.events);
        self.readers.spawn(read_record(context.clone(), events.clone(), also, self.now.clone()));
        self.readers.spawn(read_services(context.clone(), events.clone(), self.interest.subscribe()));
    }

    /// Uses the state of this context from now on, instead of none.
    pub fn reopened(&mut self, context: Context, also: Option<ReleaseId>) {
        self.readers = JoinSet::new();
        self.context = context;
        self.read(also);
    }

    /// What has to be read for what is shown.
    pub fn interest(&self, interest: Interest) {
        self.interest.send_if_modified(|known| {
            let is_new = *known != interest;
            *known = interest;
            is_new
        });
    }

    /// Reads a request to decide it. `width`: of its text, in cells.
    pub fn open(&self, release: ReleaseId, stage: StageName, paint: Paint, width: usize) {
        let (context, events) = (self.context.clone(), self.events.clone());
        tokio::spawn(async move {
            let opened = decision::open(&context, &release, &stage).await;
            let layout = review::Layout { paint, width: Some(width), height: None };
            let sheet = opened.map(|opened| sheet(&context, opened, layout)).map_err(words_of);
            let _ = events.send(Event::Opened { release, stage, opened: Box::new(sheet) });
        });
    }

    /// Sends an answer.
    pub fn answer(&self, release: ReleaseId, given: Answer, decision: Decision) {
        let (context, events, now) = (self.context.clone(), self.events.clone(), self.now.clone());
        tokio::spawn(async move {
            let answered = answer::answer(&context, &release, &decision, words::summary).await;
            let said =
                |Answered { stage, read_by, by_oneself }| words::given(&release, &stage, given, read_by, by_oneself);
            let _ = events.send(Event::Answered(answered.map(said).map_err(words_of)));
            now.notify_one();
        });
    }
}

/// The request as `approve` shows it: this is the only place that knows what an approver sees here.
fn sheet(context: &Context, opened: Opened, layout: review::Layout) -> Sheet {
    let Opened { gathered, stage, request, refusal } = opened;
    let text = review::sheet(&gathered.review(), context.clock.now(), layout);
    Sheet { text, stage, request, refusal: refusal.map(words_of) }
}

fn words_of(error: Error) -> Words {
    let Failure { sentence, cause, hints, .. } = error.into();
    Words { sentence, cause, hints }
}

async fn tick(context: Context, events: UnboundedSender<Event>) {
    loop {
        tokio::time::sleep(TICK.unsigned_abs()).await;
        if events.send(Event::Tick(context.clock.now())).is_err() {
            return;
        }
    }
}

async fn read_record(context: Context, events: UnboundedSender<Event>, also: Option<ReleaseId>, now: Arc<Notify>) {
    let mut reader = RecordReader::new(context);
    loop {
        let (event, pause) = match reader.read(also.as_ref()).await {
            Ok(snapshot) => (Event::Record(Arc::new(snapshot)), record::EVERY.unsigned_abs()),
            Err(why) => (Event::RecordFailed(why), AFTER_FAILURE),
        };
        if events.send(event).is_err() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = now.notified() => {}
        }
    }
}

async fn read_services(context: Context, events: UnboundedSender<Event>, mut interest: watch::Receiver<Interest>) {
    let ports = context.ports(SESSION, None);
    let pipeline = Arc::new(context.pipeline.clone());
    let mut schedule = LiveSchedule::new(&pipeline);
    loop {
        let due = schedule.due(&interest.borrow_and_update().clone(), context.clock.now());
        let mut reading = JoinSet::new();
        for place in due {
            let (ports, pipeline) = (ports.clone(), pipeline.clone());
            reading.spawn(async move { (live::read(&ports, &pipeline, &place).await, place) });
        }
        while let Some(read) = reading.join_next().await {
            let Ok((Some(service), place)) = read else { continue };
            schedule.read(&place, &service);
            if events.send(Event::Live(place, service)).is_err() {
                return;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(TICK.unsigned_abs()) => {}
            Ok(()) = interest.changed() => {}
        }
    }
}
