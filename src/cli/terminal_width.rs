//! The size of the terminal.

/// How many cells a line of stdout has; `None`: it is not a terminal.
pub fn of_stdout() -> Option<usize> {
    plausible(terminal_size::terminal_size_of(std::io::stdout()))
}

/// How many cells a line of stderr has; `None`: it is not a terminal.
pub fn of_stderr() -> Option<usize> {
    plausible(terminal_size::terminal_size_of(std::io::stderr()))
}

/// How many lines stderr has; `None`: it is not a terminal.
pub fn lines_of_stderr() -> Option<usize> {
    let size = terminal_size::terminal_size_of(std::io::stderr());
    size.map(|(_, height)| usize::from(height.0)).filter(|lines| *lines >= 4)
}

/// `None` also for a terminal that reports a width that cannot be right.
fn plausible(size: Option<(terminal_size::Width, terminal_size::Height)>) -> Option<usize> {
    size.map(|(width, _)| usize::from(width.0)).filter(|w| *w >= 20)
}
