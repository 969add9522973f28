//! What keys do: above all, what decides and what must not.

use super::*;
use crate::cli::watch::decision::{Content, DecisionPage, Prompt};
use crate::cli::watch::event::{Command, Key};
use crate::cli::watch::state::Page;
use crate::model::approval::Answer;
use crate::report::verb::watch::Tab;
use crate::report::words::Words;
use crate::usecase::answer::Decision;

fn press(state: &mut State, keys: &str) -> Vec<Command> {
    keys.chars().flat_map(|c| state.update(Event::Key(if c == '\n' { Key::Enter } else { Key::Char(c) }))).collect()
}

/// Each key after the screen was drawn, as a person presses them.
fn press_slowly(state: &mut State, keys: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    for c in keys.chars() {
        drawn(state, 80, 24);
        commands.extend(press(state, &c.to_string()));
    }
    commands
}

fn waiting() -> State {
    state_of(vec![followed(NEW, waiting_for(b"plan"), true), followed(OLD, in_rollout(), false)], None)
}

/// A state whose request is read and on the screen.
fn deciding(lines: usize) -> State {
    let mut state = waiting();
    let commands = press(&mut state, "a");
    assert!(matches!(&commands[..], [Command::Open { stage, .. }] if stage.as_str() == "prod"), "{commands:?}");
    state.update(sheet(b"plan", lines));
    drawn(&mut state, 80, 24);
    state
}

fn page(state: &State) -> &DecisionPage {
    let Page::Decision(page) = &state.page else { panic!("another page is shown") };
    page
}

/// The only decision among these commands.
#[track_caller]
fn decision(commands: &[Command]) -> &Decision {
    let [Command::Answer { decision, .. }] = commands else { panic!("not one answer: {commands:?}") };
    decision
}

#[test]
fn the_selection_moves_within_the_list_and_stays_with_its_release() {
    let mut state = waiting();
    assert_eq!(state.subject(), Some(id(NEW)));
    press(&mut state, "jjj");
    assert_eq!(state.subject(), Some(id(OLD)));
    let newer = followed("r20270116-080000-cccccc", in_rollout(), true);
    let mut releases = vec![newer];
    releases.extend(state.record.as_ref().unwrap().releases.clone());
    state.update(Event::Record(snapshot(releases)));
    assert_eq!(state.subject(), Some(id(OLD)), "a release that appears above it does not change what is selected");
    press(&mut state, "kk");
    assert_eq!(state.subject(), Some(id("r20270116-080000-cccccc")));
}

#[test]
fn keys_open_the_pages_of_the_selected_release_and_escape_returns() {
    let mut state = waiting();
    for (key, expected) in [
        ("\n", Tab::Progress),
        ("d", Tab::Differences),
        ("f", Tab::Findings),
        ("h", Tab::History),
        ("p", Tab::Progress),
    ] {
        press(&mut state, key);
        assert!(matches!(&state.page, Page::Release { id, tab } if id.as_str() == NEW && *tab == expected), "{key}");
    }
    state.update(Event::Key(Key::Back));
    assert!(matches!(state.page, Page::Overview));
    assert!(matches!(&press(&mut state, "q")[..], [Command::Quit]));
    assert!(matches!(&state.update(Event::Key(Key::Suspend))[..], [Command::Suspend]));
}

#[test]
fn an_approval_is_for_exactly_the_plan_that_was_drawn() {
    let mut state = deciding(10);
    let commands = press_slowly(&mut state, "ay");
    let decision = decision(&commands);
    assert_eq!(decision.answer, Answer::Approved);
    assert_eq!(decision.plan.as_deref(), Some(PlanHash::of(b"plan").as_str()), "all digits of it");
    assert_eq!(decision.stage, Some(id("prod")));
    assert_eq!(page(&state).prompt, Prompt::Sending(Answer::Approved));
    assert!(press_slowly(&mut state, "yay").is_empty(), "it is sent once");
    state.update(Event::Answered(Ok("prod is approved".into())));
    assert_eq!(page(&state).prompt, Prompt::Done("prod is approved".into()));
}

#[test]
fn keys_that_were_typed_before_the_request_or_the_question_was_drawn_decide_nothing() {
    let mut state = waiting();
    press(&mut state, "a");
    assert!(press(&mut state, "ay").is_empty());
    state.update(sheet(b"plan", 10));
    assert!(press(&mut state, "ay").is_empty(), "it is read, but not on the screen yet");
    drawn(&mut state, 80, 24);
    assert!(press(&mut state, "ay").is_empty(), "the question is not on the screen yet");
    assert_eq!(page(&state).prompt, Prompt::Confirm(Answer::Approved));
    drawn(&mut state, 80, 24);
    decision(&press(&mut state, "y"));
}

#[test]
fn a_plan_is_approved_only_after_its_last_line_was_on_the_screen() {
    let mut state = deciding(60);
    assert!(press_slowly(&mut state, "ay").is_empty());
    assert_eq!(page(&state).prompt, Prompt::Choose);
    press_slowly(&mut state, "   ");
    decision(&press_slowly(&mut state, "gay"));
    let mut state = deciding(60);
    press_slowly(&mut state, "r");
    assert!(page(&state).is_writing(), "to reject, nobody has to see all of it");
}

#[test]
fn what_waits_now_is_another_plan_so_that_the_one_on_the_screen_cannot_be_answered() {
    for others in [vec![followed(NEW, waiting_for(b"another"), true)], vec![followed(NEW, in_rollout(), true)], vec![]]
    {
        let mut state = deciding(10);
        state.update(Event::Record(snapshot(others)));
        assert!(press_slowly(&mut state, "ay").is_empty());
        let mut asked = deciding(10);
        press_slowly(&mut asked, "a");
        asked.update(Event::Record(snapshot(vec![followed(NEW, waiting_for(b"another"), true)])));
        assert!(press_slowly(&mut asked, "y").is_empty(), "nor where the question was asked already");
    }
    let mut same = deciding(10);
    same.update(Event::Record(snapshot(vec![followed(NEW, waiting_for(b"plan"), true)])));
    decision(&press_slowly(&mut same, "ay"));
}

#[test]
fn a_rejection_asks_for_its_reason_and_pasted_text_is_never_a_key() {
    let mut state = deciding(10);
    state.update(Event::Paste("ay".into()));
    assert_eq!(page(&state).prompt, Prompt::Choose);
    press_slowly(&mut state, "r");
    state.update(Event::Paste("not on\na \u{1b}[31mFriday\u{202e}".into()));
    press_slowly(&mut state, "q!\n");
    assert_eq!(page(&state).prompt, Prompt::Confirm(Answer::Rejected));
    let commands = press_slowly(&mut state, "y");
    let decision = decision(&commands);
    assert_eq!((decision.answer, decision.comment.as_str()), (Answer::Rejected, "not on a [31mFridayq!"));
}

#[test]
fn a_comment_is_written_corrected_and_cancelled() {
    let mut state = deciding(10);
    press_slowly(&mut state, "cok");
    state.update(Event::Key(Key::Delete));
    press_slowly(&mut state, "\n");
    assert_eq!((page(&state).comment.as_str(), &page(&state).prompt), ("o", &Prompt::Choose));
    press_slowly(&mut state, "cx");
    state.update(Event::Key(Key::Back));
    assert_eq!(page(&state).comment, "o");
    press_slowly(&mut state, "a");
    assert_eq!(page(&state).prompt, Prompt::Confirm(Answer::Approved));
    press_slowly(&mut state, "n");
    assert_eq!(page(&state).prompt, Prompt::Choose);
}

#[test]
fn an_answer_that_does_not_count_is_shown_with_its_reason() {
    let mut state = deciding(10);
    press_slowly(&mut state, "ay");
    let why = Words::new("another plan waits").cause("because").hint("look again");
    state.update(Event::Answered(Err(why)));
    let screen = drawn(&mut state, 80, 24);
    assert!(screen.contains("✗ another plan waits") && screen.contains("hint: look again"), "{screen}");
    state.update(Event::Key(Key::Back));
    assert!(matches!(state.page, Page::Release { .. }));
}

#[test]
fn quitting_waits_once_for_an_answer_that_is_being_sent() {
    let mut state = deciding(10);
    press_slowly(&mut state, "ay");
    assert!(press(&mut state, "q").is_empty());
    assert!(matches!(&press(&mut state, "q")[..], [Command::Quit]));
    let mut state = deciding(10);
    press_slowly(&mut state, "ay");
    assert!(matches!(&state.update(Event::Key(Key::Interrupt))[..], [Command::Quit]));
}

#[test]
fn findings_and_differences_are_a_key_away_from_the_decision_but_not_from_an_answer_on_its_way() {
    let mut state = deciding(10);
    press_slowly(&mut state, "f");
    assert!(matches!(state.page, Page::Release { tab: Tab::Findings, .. }));
    assert!(matches!(&press_slowly(&mut state, "a")[..], [Command::Open { .. }]), "and the request is read again");
    let mut state = deciding(10);
    press_slowly(&mut state, "ayd");
    state.update(Event::Key(Key::Back));
    assert_eq!(page(&state).prompt, Prompt::Sending(Answer::Approved));
}

#[test]
fn a_release_that_waits_for_nothing_cannot_be_decided() {
    let mut state = state_of(vec![followed(OLD, in_rollout(), true)], None);
    assert!(press(&mut state, "a").is_empty());
    assert_eq!(state.message.as_deref(), Some(&*format!("{OLD} does not wait for approval")));
    press(&mut state, "j");
    assert_eq!(state.message, None);
}

#[test]
fn a_request_that_cannot_be_read_says_why() {
    let mut state = waiting();
    press(&mut state, "a");
    let opened = Box::new(Err(Words::new("it cannot be read")));
    state.update(Event::Opened { release: page(&state).release.clone(), stage: id("prod"), opened });
    assert!(matches!(page(&state).content, Content::Failed(_)));
    assert!(drawn(&mut state, 80, 24).contains("✗ it cannot be read"));
    assert!(press_slowly(&mut state, "ay").is_empty());
}

#[test]
fn the_end_of_a_story_stays_in_sight_until_somebody_scrolls() {
    let mut state = waiting();
    press(&mut state, "h");
    assert!(drawn(&mut state, 80, 12).contains("waits for approval"));
    press(&mut state, "k");
    drawn(&mut state, 80, 12);
    assert_eq!(state.drawn.below(), 1);
}
