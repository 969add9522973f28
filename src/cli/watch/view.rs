//! What the state looks like: texts, and where on the screen they belong.

use jiff::Timestamp;

use super::decision::{Content, DecisionPage, Prompt};
use super::state::{Page, State};
use crate::cli::deployed_by::{StageService, deployed_by};
use crate::cli::failure::Failure;
use crate::engine::findings::of as scan_results;
use crate::model::ids::{ReleaseId, ServiceName, StageName};
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::report::paint::Paint;
use crate::report::story::{self, Mark, StoryLine};
use crate::report::summary;
use crate::report::text::Text;
use crate::report::verb::watch::overview::{Note, Seen, ServiceLine, Shown};
use crate::report::verb::watch::{self as words, Keys, Tab, decision, findings, overview, progress};
use crate::report::words::Words;
use crate::usecase::question::open_requests;
use crate::usecase::records::Recorded;
use crate::usecase::watch::record::{Followed, Snapshot};

/// A screen, as texts.
#[derive(Default)]
pub struct View {
    pub title: String,
    /// At the right end of the title's line.
    pub status: String,
    /// Above the body; it does not scroll.
    pub head: Text,
    /// In the rule between them.
    pub heading: &'static str,
    pub body: Text,
    /// The line of the body that is selected.
    pub selected: Option<usize>,
    /// The first row of the body to show, as far as there are enough.
    pub scroll: usize,
    /// Below the body.
    pub prompt: Text,
    /// Whether the cursor stands at the end of the prompt.
    pub cursor: bool,
    pub keys: Keys,
}

/// The view of a state. `width`: of the screen, in cells.
pub fn view(state: &State, width: usize, paint: Paint) -> View {
    let width = width.max(NARROWEST);
    let mut view = match &state.page {
        Page::Overview => overview_page(state, width, paint),
        Page::Release { id, tab } => release_page(state, id, *tab, width, paint),
        Page::Decision(page) => decision_page(state, page, paint),
    };
    view.status = words::read_at(state.record.as_ref().map(|r| r.at), state.failure.as_ref(), state.now, paint);
    view.scroll = state.scroll;
    if let Some(message) = &state.message {
        view.prompt = view.prompt.and(Text::from(paint.careful(message)));
    }
    view.prompt = view.prompt.wrapped(Some(width), 2);
    view
}

/// Texts are laid out for at least this many cells; on a narrower screen they are broken wherever it ends.
const NARROWEST: usize = 20;

fn overview_page(state: &State, width: usize, paint: Paint) -> View {
    let title = paint.strong(state.pipeline.app.as_str());
    let keys = match state.waiting_stage() {
        Some(_) => words::OVERVIEW_DECIDE_KEYS,
        None => words::OVERVIEW_KEYS,
    };
    let Some(record) = &state.record else {
        return View { title, body: Text::from(words::READING), keys, ..View::default() };
    };
    let recorded: Vec<&Recorded> = record.releases.iter().map(|followed| &followed.recorded).collect();
    let mut head = overview::services(&service_lines(state, &recorded), width, paint);
    let notes = notes(state, record);
    notes.iter().for_each(|note| head.line(overview::note(note, width, paint)));
    let shown: Vec<Shown<'_>> = record.releases.iter().map(|followed| shown(followed, state)).collect();
    let (body, selected) = match shown.is_empty() {
        true => (Text::from(overview::NO_RELEASE), None),
        false => (overview::releases(&shown, state.now, width, paint), Some(state.selected_index())),
    };
    View { title, head, heading: overview::RELEASES, body, selected, keys, ..View::default() }
}

fn service_lines<'a>(state: &'a State, recorded: &[&'a Recorded]) -> Vec<ServiceLine<'a>> {
    let mut lines = Vec::new();
    for stage in &state.pipeline.stages {
        let mut services: Vec<_> = stage.services().collect();
        services.dedup();
        for service in services {
            let live = state.live.get(&(stage.name.clone(), service.clone()));
            let (seen, release) = match live.map(|live| &live.read) {
                None => (Seen::NotYet, last_good(state, &stage.name)),
                Some(Err(_)) => (Seen::Unreadable, last_good(state, &stage.name)),
                Some(Ok(reading)) => {
                    let primary = reading.primary();
                    let revision = primary.map_or(&reading.task_definition, |p| &p.task_definition);
                    let at = StageService { stage: &stage.name, service };
                    let by = deployed_by(recorded, at, revision, primary.map(|p| p.id.as_str()));
                    (Seen::Reading(reading), by)
                }
            };
            lines.push(ServiceLine { stage: &stage.name, service, seen, release });
        }
    }
    lines
}

fn last_good<'a>(state: &'a State, stage: &StageName) -> Option<&'a ReleaseId> {
    let recorded = state.record.as_ref()?.stages.iter().find(|recorded| &recorded.stage == stage)?;
    recorded.ledger.last_good.as_ref().map(|good| &good.release)
}

fn notes<'a>(state: &'a State, record: &'a Snapshot) -> Vec<Note<'a>> {
    let mut notes = Vec::new();
    for stage in &record.stages {
        notes.extend(stage.ledger.frozen.as_ref().map(|frozen| Note::Frozen(&stage.stage, frozen)));
    }
    let mut hidden: Vec<&StageName> =
        state.live.iter().filter(|(_, live)| live.read.is_err()).map(|((stage, _), _)| stage).collect();
    hidden.dedup();
    if !hidden.is_empty() {
        notes.push(Note::NotVisible(hidden));
    }
    notes.extend(record.unreadable.iter().map(|(id, why)| Note::Unreadable(id, reason(why.clone().into()))));
    if record.older > 0 {
        notes.push(Note::Older(record.older));
    }
    notes
}

fn reason(failure: Failure) -> String {
    Words { sentence: failure.sentence, cause: failure.cause, hints: Vec::new() }.line()
}

fn shown<'a>(followed: &'a Followed, state: &State) -> Shown<'a> {
    let Recorded { listed, release } = &followed.recorded;
    let requests = open_requests(&followed.recorded, state.now);
    Shown {
        release,
        held_by: listed.held_by.as_ref().map(|holder| holder.who.as_str()),
        imported: listed.imported.is_some(),
        requests: requests.into_iter().map(|(_, stage, request)| (&stage.name, request)).collect(),
        waiting: &followed.waiting,
    }
}

fn release_page(state: &State, id: &ReleaseId, tab: Tab, width: usize, paint: Paint) -> View {
    let title = format!("{} {}  {}", state.pipeline.app, paint.strong(id.as_str()), paint.faint(tab.word()));
    let keys = match state.waiting_stage() {
        Some(_) => words::RELEASE_DECIDE_KEYS,
        None => words::RELEASE_KEYS,
    };
    let followed = state.record.as_ref().map(|record| record.release(id));
    let body = match followed {
        None => Text::from(words::READING),
        Some(None) => Text::from(words::gone(id)),
        Some(Some(followed)) => match tab {
            Tab::Progress => progress_text(state, followed, width, paint),
            Tab::Differences => words::differences(&followed.recorded.release, paint).wrapped(Some(width), 4),
            Tab::Findings => findings_text(followed, width, paint),
            Tab::History => history_text(followed, width, paint),
        },
    };
    View { title, body, keys, ..View::default() }
}

fn progress_text(state: &State, followed: &Followed, width: usize, paint: Paint) -> Text {
    let live = |stage: &Stage, service: &ServiceName| {
        let read = state.live.get(&(stage.name.clone(), service.clone()))?;
        read.read.as_ref().ok()
    };
    let text = progress::page(&shown(followed, state), &live, state.now, width, paint);
    // The summary of an ended release says it all.
    match followed.recorded.release.ending {
        Some(_) => text,
        None => text.and(progress::recent(&story_of(followed), state.now, width, paint)),
    }
}

/// The story: each fact with what was known when it was written.
fn story_of(followed: &Followed) -> Vec<(Timestamp, StoryLine)> {
    let mut lines = Vec::new();
    let mut then: Option<Release> = None;
    for event in followed.events.iter() {
        let known = match then.as_mut() {
            None => Release::begin(event).map(|begun| &*then.insert(begun)),
            Some(release) => release.apply(event).map(|()| &*release),
        };
        // The whole record was folded before.
        let Ok(known) = known else { break };
        let line = story::line(event, known).filter(|line| line.mark != Mark::Detail);
        lines.extend(line.map(|line| (event.at, line)));
    }
    lines
}

fn history_text(followed: &Followed, width: usize, paint: Paint) -> Text {
    let lines = story_of(followed).into_iter();
    let text: Text = lines.map(|(at, line)| line.dated(at, paint, Some(width))).collect();
    let release = &followed.recorded.release;
    match &release.ending {
        Some(ending) => text.and(summary::of(release, ending, true, paint, Some(width))),
        None => text,
    }
}

fn findings_text(followed: &Followed, width: usize, paint: Paint) -> Text {
    let release = &followed.recorded.release;
    findings::page(release, &scan_results(release, None), width, paint)
}

fn decision_page(state: &State, page: &DecisionPage, paint: Paint) -> View {
    let release = paint.strong(page.release.as_str());
    let title = format!("{} {release} → {}", state.pipeline.app, paint.strong(page.stage.as_str()));
    let (sheet, body) = match &page.content {
        Content::Reading => (None, Text::from(decision::READING)),
        Content::Failed(why) => (None, decision::failure(why, paint)),
        Content::Sheet(sheet) => (Some(sheet), sheet.text.clone()),
    };
    let Some(sheet) = sheet else {
        return View { title, body, keys: decision::BACK_KEYS, ..View::default() };
    };
    let comment = |answer| Text::from(decision::comment(&page.comment, answer));
    let (prompt, keys) = match &page.prompt {
        Prompt::Sending(answer) => (Text::from(decision::sending(*answer)), decision::BACK_KEYS),
        Prompt::Done(done) => (decision::done(done, paint), decision::BACK_KEYS),
        Prompt::Refused(why) => (decision::failure(why, paint), decision::BACK_KEYS),
        Prompt::Choose | Prompt::Comment { .. } | Prompt::Confirm(_) if page.is_changed => {
            (Text::from(decision::changed(paint)), decision::BACK_KEYS)
        }
        Prompt::Comment { answer, .. } => (comment(*answer), decision::COMMENT_KEYS),
        Prompt::Confirm(answer) => {
            let question = decision::question(*answer, &sheet.stage, &sheet.request, &page.comment, paint);
            (Text::from(question), decision::CONFIRM_KEYS)
        }
        Prompt::Choose => {
            let mut prompt = match &sheet.refusal {
                Some(why) => decision::failure(why, paint),
                None => Text::from(decision::waits(&sheet.stage, &sheet.request, state.now)),
            };
            if !page.comment.is_empty() {
                prompt = prompt.and(comment(None));
            }
            if sheet.refusal.is_none() && !page.seen_whole && state.drawn.below() > 0 {
                prompt = prompt.and(Text::from(decision::more_below(state.drawn.below(), paint)));
            }
            let keys = if sheet.refusal.is_some() { decision::REJECT_KEYS } else { decision::CHOOSE_KEYS };
            (prompt, keys)
        }
    };
    View { title, body, prompt, cursor: page.is_writing(), keys, ..View::default() }
}
