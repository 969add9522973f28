//! The page on which a request is decided: about the plan that was drawn, and only after it was.

use super::event::{Command, Drawn, Key, Sheet};
use crate::model::approval::Answer;
use crate::model::ids::{ReleaseId, StageName};
use crate::model::visible;
use crate::report::words::Words;
use crate::usecase::watch::decision::exactly;

/// The page of one release's request.
pub struct DecisionPage {
    pub release: ReleaseId,
    pub stage: StageName,
    pub content: Content,
    pub comment: String,
    /// What is asked below the sheet.
    pub prompt: Prompt,
    /// Whether a person can see the prompt: keys that were typed before are not answers to it.
    is_drawn: bool,
    /// Whether every line of the sheet was on the screen.
    pub seen_whole: bool,
    /// Whether another plan, or none, waits by now.
    pub is_changed: bool,
    /// Whether quitting was asked for while an answer is being sent.
    pub asked_to_quit: bool,
}

pub enum Content {
    Reading,
    /// It cannot be read, or nothing waits.
    Failed(Words),
    Sheet(Box<Sheet>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    Choose,
    /// The comment is being written; for this answer, or none yet. `before`: what it was.
    Comment {
        answer: Option<Answer>,
        before: String,
    },
    Confirm(Answer),
    Sending(Answer),
    Done(String),
    Refused(Words),
}

/// The longest comment, in characters: it has to be read in one line of a report, and CodePipeline takes 512.
const LONGEST: usize = 400;

impl DecisionPage {
    pub fn new(release: ReleaseId, stage: StageName) -> DecisionPage {
        DecisionPage {
            release,
            stage,
            content: Content::Reading,
            comment: String::new(),
            prompt: Prompt::Choose,
            is_drawn: false,
            seen_whole: false,
            is_changed: false,
            asked_to_quit: false,
        }
    }

    /// Whether the request of this release and stage is still to be read.
    pub fn awaits(&self, release: &ReleaseId, stage: &StageName) -> bool {
        matches!(self.content, Content::Reading) && self.release == *release && self.stage == *stage
    }

    pub fn opened(&mut self, opened: Result<Sheet, Words>) {
        self.content = match opened {
            Ok(sheet) => Content::Sheet(Box::new(sheet)),
            Err(words) => Content::Failed(words),
        };
        self.seen_whole = false;
        self.ask(Prompt::Choose);
    }

    pub fn answered(&mut self, answered: Result<String, Words>) {
        self.ask(match answered {
            Ok(done) => Prompt::Done(done),
            Err(words) => Prompt::Refused(words),
        });
    }

    /// The page was drawn as it is now.
    pub fn drawn(&mut self, drawn: Drawn) {
        self.is_drawn = true;
        let Content::Sheet(_) = self.content else { return };
        // Only the end is looked at: whoever scrolls to it has passed the lines before it.
        self.seen_whole |= drawn.rows > 0 && drawn.below() == 0;
    }

    /// Whether keys are text.
    pub fn is_writing(&self) -> bool {
        matches!(self.prompt, Prompt::Comment { .. })
    }

    pub fn is_sending(&self) -> bool {
        matches!(self.prompt, Prompt::Sending(_))
    }

    /// Whether its request can still be answered here.
    pub fn can_decide(&self) -> bool {
        matches!(self.content, Content::Sheet(_)) && !self.is_changed
    }

    /// Whether the caller's approval would not count.
    fn is_refused(&self) -> bool {
        matches!(&self.content, Content::Sheet(sheet) if sheet.refusal.is_some())
    }

    /// Adds pasted text to the comment that is being written.
    pub fn paste(&mut self, text: &str) {
        if self.is_writing() {
            text.chars().for_each(|c| self.write(c));
        }
    }

    fn write(&mut self, c: char) {
        let c = if c.is_whitespace() { ' ' } else { c };
        if !visible::is_harmful(c) && self.comment.chars().count() < LONGEST {
            self.comment.push(c);
        }
    }

    fn ask(&mut self, prompt: Prompt) {
        self.prompt = prompt;
        self.is_drawn = false;
    }

    /// A key of this page. `None`: it means nothing here.
    pub fn key(&mut self, key: Key) -> Option<Vec<Command>> {
        match &self.prompt {
            Prompt::Comment { answer, before } => {
                let (answer, before) = (*answer, before.clone());
                self.write_key(key, answer, before);
            }
            Prompt::Choose => return self.choose_key(key),
            Prompt::Confirm(answer) => return self.confirm_key(key, *answer),
            Prompt::Sending(_) | Prompt::Done(_) | Prompt::Refused(_) => return None,
        }
        Some(Vec::new())
    }

    fn write_key(&mut self, key: Key, answer: Option<Answer>, before: String) {
        match key {
            Key::Enter => {
                self.comment.truncate(self.comment.trim_end().len());
                // A rejection without a reason is not asked for.
                if answer == Some(Answer::Rejected) && self.comment.is_empty() {
                    return;
                }
                self.ask(answer.map_or(Prompt::Choose, Prompt::Confirm));
            }
            Key::Back => {
                self.comment = before;
                self.ask(Prompt::Choose);
            }
            Key::Delete => {
                self.comment.pop();
            }
            Key::Char(c) => self.write(c),
            Key::Up
            | Key::Down
            | Key::PageUp
            | Key::PageDown
            | Key::Home
            | Key::End
            | Key::Interrupt
            | Key::Suspend
            | Key::Redraw => {}
        }
    }

    fn choose_key(&mut self, key: Key) -> Option<Vec<Command>> {
        if !self.is_drawn || !self.can_decide() {
            return None;
        }
        let writes = |answer| Prompt::Comment { answer, before: String::new() };
        match key {
            Key::Char('a') if self.seen_whole && !self.is_refused() => self.ask(Prompt::Confirm(Answer::Approved)),
            // What stands below the sheet says why not.
            Key::Char('a') => {}
            // A rejection needs a reason that others can read.
            Key::Char('r') if self.comment.is_empty() => self.ask(writes(Some(Answer::Rejected))),
            Key::Char('r') => self.ask(Prompt::Confirm(Answer::Rejected)),
            Key::Char('c') => self.ask(Prompt::Comment { answer: None, before: self.comment.clone() }),
            Key::Up
            | Key::Down
            | Key::PageUp
            | Key::PageDown
            | Key::Home
            | Key::End
            | Key::Enter
            | Key::Back
            | Key::Delete
            | Key::Char(_)
            | Key::Interrupt
            | Key::Suspend
            | Key::Redraw => return None,
        }
        Some(Vec::new())
    }

    fn confirm_key(&mut self, key: Key, answer: Answer) -> Option<Vec<Command>> {
        match key {
            Key::Char('y') if self.is_drawn && self.can_decide() => {
                let Content::Sheet(sheet) = &self.content else { return Some(Vec::new()) };
                let decision = exactly(&sheet.stage, &sheet.request, answer, self.comment.clone());
                let command = Command::Answer { release: self.release.clone(), answer, decision };
                self.ask(Prompt::Sending(answer));
                return Some(vec![command]);
            }
            Key::Char('n') | Key::Back => self.ask(Prompt::Choose),
            Key::Char('c') => {
                self.ask(Prompt::Comment { answer: Some(answer), before: self.comment.clone() });
            }
            Key::Up
            | Key::Down
            | Key::PageUp
            | Key::PageDown
            | Key::Home
            | Key::End
            | Key::Enter
            | Key::Delete
            | Key::Char(_)
            | Key::Interrupt
            | Key::Suspend
            | Key::Redraw => return None,
        }
        Some(Vec::new())
    }
}
