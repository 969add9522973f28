//! What is typed.

use std::io;

use ratatui_crossterm::crossterm::event::{self as input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc::UnboundedSender;

use super::event::{Event, Key};

/// Reads the terminal until it is gone, on a thread of its own: nothing else can interrupt the reading.
pub fn listen(events: UnboundedSender<Event>) -> io::Result<()> {
    let read = move || {
        loop {
            match input::read() {
                Ok(event) => {
                    if event_of(event).is_some_and(|event| events.send(event).is_err()) {
                        return;
                    }
                }
                Err(_) => {
                    let _ = events.send(Event::Ended);
                    return;
                }
            }
        }
    };
    std::thread::Builder::new().name("input".to_owned()).spawn(read).map(drop)
}

fn event_of(event: input::Event) -> Option<Event> {
    match event {
        input::Event::Key(key) => key_of(key).map(Event::Key),
        input::Event::Paste(text) => Some(Event::Paste(text)),
        input::Event::Resize(..) => Some(Event::Resized),
        input::Event::FocusGained | input::Event::FocusLost | input::Event::Mouse(_) => None,
    }
}

fn key_of(key: KeyEvent) -> Option<Key> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let KeyEvent { code, modifiers, .. } = key;
    if modifiers.contains(KeyModifiers::CONTROL) {
        let KeyCode::Char(c) = code else { return None };
        return match c {
            'c' => Some(Key::Interrupt),
            'z' => Some(Key::Suspend),
            'l' => Some(Key::Redraw),
            'p' => Some(Key::Up),
            'n' => Some(Key::Down),
            _ => None,
        };
    }
    if modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    match code {
        KeyCode::Up => Some(Key::Up),
        KeyCode::Down => Some(Key::Down),
        KeyCode::PageUp => Some(Key::PageUp),
        KeyCode::PageDown => Some(Key::PageDown),
        KeyCode::Home => Some(Key::Home),
        KeyCode::End => Some(Key::End),
        KeyCode::Enter => Some(Key::Enter),
        KeyCode::Esc => Some(Key::Back),
        KeyCode::Backspace => Some(Key::Delete),
        KeyCode::Char(c) => Some(Key::Char(c)),
        KeyCode::Left
        | KeyCode::Right
        | KeyCode::Tab
        | KeyCode::BackTab
        | KeyCode::Delete
        | KeyCode::Insert
        | KeyCode::F(_)
        | KeyCode::Null
        | KeyCode::CapsLock
        | KeyCode::ScrollLock
        | KeyCode::NumLock
        | KeyCode::PrintScreen
        | KeyCode::Pause
        | KeyCode::Menu
        | KeyCode::KeypadBegin
        | KeyCode::Media(_)
        | KeyCode::Modifier(_) => None,
    }
}
