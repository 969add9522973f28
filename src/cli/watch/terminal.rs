//! The terminal as a full screen, and as it was before.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui_core::layout::Rect;
use ratatui_core::terminal::Terminal;
use ratatui_crossterm::CrosstermBackend;
use ratatui_crossterm::crossterm::cursor::Show;
use ratatui_crossterm::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui_crossterm::crossterm::execute;
use ratatui_crossterm::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

/// Whether the terminal is not as the shell left it.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether stdout is a terminal with a cursor.
pub fn can_be_drawn_on() -> bool {
    io::stdout().is_terminal() && std::env::var_os("TERM").is_some_and(|term| term != "dumb")
}

/// Whether what is logged on stderr appears on a terminal.
pub fn has_log() -> bool {
    io::stderr().is_terminal()
}

/// The screen, while this process draws on it. The terminal is restored when it is dropped.
pub struct FullScreen {
    pub terminal: Terminal<CrosstermBackend<io::Stdout>>,
}

impl FullScreen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// Where stdin or stdout is no terminal that can be set.
    pub fn take() -> io::Result<FullScreen> {
        take()?;
        match Terminal::new(CrosstermBackend::new(io::stdout())) {
            Ok(terminal) => Ok(FullScreen { terminal }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Leaves the terminal to the shell until the process continues.
    ///
    /// # Errors
    /// Where the terminal cannot be taken again.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        // The whole job, as the terminal's own Ctrl-Z would: a wrapper that waits for this process stops with it.
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        self.retake()
    }

    /// Takes the terminal after the process was stopped.
    ///
    /// # Errors
    /// Where the terminal cannot be set or written.
    pub fn retake(&mut self) -> io::Result<()> {
        // Its modes are set only from those that the shell has.
        restore();
        take()?;
        self.redraw()
    }

    /// Has every cell drawn again, whatever is on the terminal. (`Terminal::clear` would ask the terminal where its cursor is, and the answer
    /// arrives among the keys.)
    ///
    /// # Errors
    /// Where the terminal cannot be written.
    pub fn redraw(&mut self) -> io::Result<()> {
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        restore();
    }
}

fn take() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    let taken = enable_raw_mode().and_then(|()| execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste));
    if taken.is_err() {
        restore();
    }
    taken
}

/// Restores the terminal, if it was taken; also while the process ends because of a defect. A terminal that is gone is left alone.
pub fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _ = io::stdout().flush();
        let _ = disable_raw_mode();
    }
}
