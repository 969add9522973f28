//! What is shown: changed by events alone, and read by the drawing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::decision::{DecisionPage, Prompt};
use super::event::{Command, Drawn, Event, Key};
use crate::model::ids::{ReleaseId, StageName};
use crate::model::pipeline::Pipeline;
use crate::ports::journal::JournalError;
use crate::report::verb::watch::{self as words, Tab, decision};
use crate::usecase::question::open_requests;
use crate::usecase::watch::live::{Interest, LiveService, Place};
use crate::usecase::watch::record::Snapshot;

pub struct State {
    pub pipeline: Pipeline,
    pub now: Timestamp,
    /// `None`: not read yet.
    pub record: Option<Arc<Snapshot>>,
    /// Why the record cannot be read now.
    pub failure: Option<JournalError>,
    pub live: BTreeMap<Place, LiveService>,
    pub page: Page,
    /// The selected release; `None`: the newest.
    pub selected: Option<ReleaseId>,
    /// The first row of the body that is shown.
    pub scroll: usize,
    pub drawn: Drawn,
    /// Shown until the next key.
    pub message: Option<String>,
}

pub enum Page {
    Overview,
    Release { id: ReleaseId, tab: Tab },
    Decision(Box<DecisionPage>),
}

impl State {
    /// `opened`: the release whose page is shown first.
    pub fn new(pipeline: Pipeline, now: Timestamp, opened: Option<ReleaseId>) -> State {
        let page = match opened.clone() {
            Some(id) => Page::Release { id, tab: Tab::Progress },
            None => Page::Overview,
        };
        State {
            pipeline,
            now,
            record: None,
            failure: None,
            live: BTreeMap::new(),
            page,
            selected: opened,
            scroll: 0,
            drawn: Drawn::default(),
            message: None,
        }
    }

    /// Applies an event; answers what has to be done.
    pub fn update(&mut self, event: Event) -> Vec<Command> {
        match event {
            Event::Key(key) => return self.key(key),
            Event::Paste(text) => {
                if let Page::Decision(page) = &mut self.page {
                    page.paste(&text);
                }
            }
            Event::Resized => {}
            Event::Tick(now) => self.now = now,
            Event::Record(snapshot) => self.recorded(snapshot),
            Event::RecordFailed(why) => self.failure = Some(why),
            Event::Live(place, read) => {
                self.live.insert(place, read);
            }
            // A reading that comes late is not about this page, or the page has its sheet by now.
            Event::Opened { release, stage, opened } => {
                if let Page::Decision(page) = &mut self.page
                    && page.awaits(&release, &stage)
                {
                    self.scroll = 0;
                    page.opened(*opened);
                }
            }
            Event::Answered(answered) => {
                if let Page::Decision(page) = &mut self.page {
                    page.answered(answered);
                }
            }
            Event::Notice(text) => self.message = Some(text),
            Event::Drawn(drawn) => {
                self.drawn = drawn;
                // The end of a story stays in sight while it goes on.
                let follows = matches!(self.page, Page::Release { tab: Tab::History, .. }) && drawn.below() == 0;
                self.scroll = if follows { usize::MAX } else { drawn.first };
                if let Page::Decision(page) = &mut self.page {
                    page.drawn(drawn);
                }
            }
            Event::Continued => return vec![Command::Retake],
            Event::Ended => return vec![Command::Quit],
        }
        Vec::new()
    }

    fn recorded(&mut self, snapshot: Arc<Snapshot>) {
        self.now = self.now.max(snapshot.at);
        self.failure = None;
        if let Page::Decision(page) = &mut self.page
            && let super::decision::Content::Sheet(sheet) = &page.content
            && !matches!(page.prompt, Prompt::Sending(_) | Prompt::Done(_))
        {
            let waits = snapshot.release(&page.release).is_some_and(|followed| {
                let open = open_requests(&followed.recorded, self.now);
                open.iter().any(|(_, stage, request)| stage.name == sheet.stage && request.plan == sheet.request.plan)
            });
            page.is_changed = !waits;
        }
        self.record = Some(snapshot);
    }

    /// The place of the selected release in the list.
    pub fn selected_index(&self) -> usize {
        let Some(record) = &self.record else { return 0 };
        let is_selected = |id: &ReleaseId| record.releases.iter().position(|r| &r.recorded.release.id == id);
        self.selected.as_ref().and_then(is_selected).unwrap_or(0)
    }

    /// The release that keys are about.
    pub fn subject(&self) -> Option<ReleaseId> {
        match &self.page {
            Page::Release { id, .. } => Some(id.clone()),
            Page::Decision(page) => Some(page.release.clone()),
            Page::Overview => {
                let releases = &self.record.as_ref()?.releases;
                releases.get(self.selected_index()).map(|followed| followed.recorded.release.id.clone())
            }
        }
    }

    /// The stage of that release that can be decided.
    pub fn waiting_stage(&self) -> Option<(ReleaseId, StageName)> {
        let id = self.subject()?;
        let followed = self.record.as_ref()?.release(&id)?;
        let open = open_requests(&followed.recorded, self.now);
        let stage = open.iter().find(|(_, _, request)| self.now < request.expires_at);
        stage.map(|(_, stage, _)| (id, stage.name.clone()))
    }

    /// The services that have to be read for what is shown.
    pub fn interest(&self) -> Interest {
        let busy = self.record.as_ref().map(|record| record.busy()).unwrap_or_default();
        let quiet = match self.page {
            Page::Overview => true,
            Page::Release { .. } | Page::Decision(_) => false,
        };
        Interest { busy, quiet }
    }

    fn key(&mut self, key: Key) -> Vec<Command> {
        self.message = None;
        match key {
            Key::Interrupt => return vec![Command::Quit],
            Key::Suspend => return vec![Command::Suspend],
            Key::Redraw => return vec![Command::Redraw],
            Key::Up
            | Key::Down
            | Key::PageUp
            | Key::PageDown
            | Key::Home
            | Key::End
            | Key::Enter
            | Key::Back
            | Key::Delete
            | Key::Char(_) => {}
        }
        if let Page::Decision(page) = &mut self.page
            && let Some(commands) = page.key(key)
        {
            return commands;
        }
        match key {
            Key::Up | Key::Char('k') => self.step(-1),
            Key::Down | Key::Char('j') => self.step(1),
            Key::PageUp | Key::Char('b') => self.step(-self.screenful()),
            Key::PageDown | Key::Char(' ') => self.step(self.screenful()),
            Key::Home | Key::Char('g') => self.step(isize::MIN),
            Key::End | Key::Char('G') => self.step(isize::MAX),
            Key::Enter => {
                if let Page::Overview = self.page {
                    self.show(Tab::Progress);
                }
            }
            Key::Char('p') => self.show(Tab::Progress),
            Key::Char('d') => self.show(Tab::Differences),
            Key::Char('f') => self.show(Tab::Findings),
            Key::Char('h') => self.show(Tab::History),
            Key::Char('a') => return self.decide(),
            Key::Back | Key::Delete => self.back(),
            Key::Char('q') => return self.quit(),
            Key::Char(_) | Key::Interrupt | Key::Suspend | Key::Redraw => {}
        }
        Vec::new()
    }

    fn screenful(&self) -> isize {
        // One row stays, so that a reader finds the place again.
        isize::try_from(self.drawn.rows.saturating_sub(1).max(1)).unwrap_or(1)
    }

    /// Moves the selection or the text.
    fn step(&mut self, by: isize) {
        let moved = |from: usize, most: usize| from.saturating_add_signed(by).min(most);
        match self.page {
            Page::Overview => {
                let Some(record) = &self.record else { return };
                let to = moved(self.selected_index(), record.releases.len().saturating_sub(1));
                self.selected = record.releases.get(to).map(|followed| followed.recorded.release.id.clone());
            }
            Page::Release { .. } | Page::Decision(_) => {
                let most = self.drawn.total.saturating_sub(self.drawn.rows);
                self.scroll = moved(self.scroll.min(most), most);
            }
        }
    }

    fn show(&mut self, tab: Tab) {
        // The result of an answer is not left behind.
        if let Page::Decision(page) = &self.page
            && page.is_sending()
        {
            return;
        }
        if let Some(id) = self.subject() {
            self.selected = Some(id.clone());
            self.open(Page::Release { id, tab });
            if tab == Tab::History {
                self.scroll = usize::MAX;
            }
        }
    }

    fn open(&mut self, page: Page) {
        self.page = page;
        self.scroll = 0;
        self.drawn = Drawn::default();
    }

    fn decide(&mut self) -> Vec<Command> {
        if let Page::Decision(_) = self.page {
            return Vec::new();
        }
        match self.waiting_stage() {
            Some((release, stage)) => {
                self.selected = Some(release.clone());
                self.open(Page::Decision(Box::new(DecisionPage::new(release.clone(), stage.clone()))));
                vec![Command::Open { release, stage }]
            }
            None => {
                self.message = self.subject().map(|id| words::nothing_to_decide(&id));
                Vec::new()
            }
        }
    }

    fn back(&mut self) {
        match &self.page {
            Page::Overview => {}
            Page::Release { .. } => self.open(Page::Overview),
            Page::Decision(page) if page.is_sending() => {}
            Page::Decision(page) => {
                let id = page.release.clone();
                self.open(Page::Release { id, tab: Tab::Progress });
            }
        }
    }

    fn quit(&mut self) -> Vec<Command> {
        if let Page::Decision(page) = &mut self.page
            && page.is_sending()
            && !std::mem::replace(&mut page.asked_to_quit, true)
        {
            self.message = Some(decision::STILL_SENDING.to_owned());
            return Vec::new();
        }
        vec![Command::Quit]
    }
}
