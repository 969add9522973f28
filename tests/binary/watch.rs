//! `watch` on a real terminal: what is on its screen, the decision that is made there, and the terminal after it.

use std::time::{Duration, Instant};

use super::test_env::{Ran, Running, Sandbox, TestEnv, release_in};

/// A terminal of this size, in which a shell runs `kanmon watch` and then says how it left the terminal.
struct Terminal {
    running: Running,
    size: (u16, u16),
}

/// Longer than anything takes to appear on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

impl Terminal {
    fn start(test_env: &TestEnv, env: &[(String, String)], (columns, rows): (u16, u16), args: &[&str]) -> Terminal {
        let kanmon = format!("'{}' watch {}", env!("CARGO_BIN_EXE_kanmon"), args.join(" "));
        let line = format!(
            "stty cols {columns} rows {rows}; before=$(stty -g); sh -c 'echo pid $$; exec \"$@\"' sh {kanmon}; \
             echo \"code $?\"; [ \"$before\" = \"$(stty -g)\" ] && echo 'modes restored'"
        );
        Terminal { running: test_env.shell_on_terminal(env, &line), size: (columns, rows) }
    }

    fn screen(&self) -> String {
        emulated(self.size, &self.running.printed()).screen().contents()
    }

    /// Waits until the screen shows this; returns the screen.
    fn shows(&mut self, text: &str) -> String {
        let until = Instant::now() + LIMIT;
        loop {
            let screen = self.screen();
            if screen.contains(text) {
                return screen;
            }
            let is_over = self.running.is_over();
            assert!(!is_over && Instant::now() < until, "never showed `{text}` (over: {is_over}):\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn types(&mut self, keys: &str) {
        self.running.types(keys);
    }

    /// Sends a signal to kanmon, not to its shell.
    fn signal(&self, name: &str) {
        let printed = self.running.printed();
        let pid = printed.split("pid ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("its process id");
        assert!(std::process::Command::new("kill").args([&format!("-{name}"), pid]).status().unwrap().success());
    }

    /// Waits for its end with this code; the terminal must be as it was before.
    #[track_caller]
    fn ended(self, code: i32) -> Ran {
        let size = self.size;
        let ran = self.running.end();
        let parser = emulated(size, &ran.out);
        let screen = parser.screen();
        let text = screen.contents();
        assert!(text.contains(&format!("code {code}")), "{text}");
        assert!(text.contains("modes restored"), "the terminal's modes are not what they were:\n{text}");
        assert!(ran.out.contains("\x1b[?1049h"), "it never drew on the alternate screen");
        let left = [screen.alternate_screen(), screen.hide_cursor(), screen.bracketed_paste()];
        assert_eq!(left, [false; 3], "alternate screen, hidden cursor, bracketed paste");
        assert!(!text.contains("● live"), "the screen is still there:\n{text}");
        ran
    }
}

/// A terminal of this many columns and rows that has received this.
fn emulated((columns, rows): (u16, u16), printed: &str) -> vt100::Parser {
    let size = |cells: u16| cells.try_into().expect("a terminal has cells");
    let mut parser = vt100::Parser::new(size(rows), size(columns), 0);
    parser.process(printed.as_bytes());
    parser
}

fn demo() -> (Sandbox, TestEnv) {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    (sandbox, test_env)
}

#[test]
fn a_release_that_waits_is_approved_on_the_screen_and_goes_on_to_its_end() {
    let (sandbox, test_env) = demo();
    let mut running = test_env.start(&sandbox.keys("developer"), &["release"]);
    let id = release_in(&running.says("waits for approval"));
    let mut terminal = Terminal::start(&test_env, &sandbox.keys("manager"), (80, 24), &[]);
    let screen = terminal.shows("waits for approval of prod");
    assert!(screen.contains(&format!("▸ {id}")), "{screen}");
    terminal.shows("staging/web");
    terminal.types("a");
    let screen = terminal.shows("approvers arn:aws:iam::111111111111:user/manager");
    for shown in ["requester developer of 111111111111", "gate      passed (2 low)", "steps     roll web → check"] {
        assert!(screen.contains(shown), "not shown: `{shown}`\n{screen}");
    }
    terminal.types("c");
    terminal.shows("comment: ");
    terminal.types("seen on the screen\r");
    terminal.shows("comment: seen on the screen");
    // The lines that did not fit have to be seen first.
    terminal.types("G");
    terminal.shows(&format!("kanmon approve {id} --plan"));
    terminal.types("a");
    let screen = terminal.shows("approve exactly plan");
    assert!(screen.contains("“seen on the screen”"), "{screen}");
    terminal.types("y");
    terminal.shows(&format!("{id}: prod is approved"));
    let ran = running.end().ended(0);
    assert!(ran.err.contains("approved by manager of 111111111111: “seen on the screen”"), "{}", ran.err);
    terminal.types("\x1b");
    terminal.shows("succeeded");
    terminal.types("h");
    terminal.shows("proven by digest");
    terminal.types("q");
    terminal.ended(0);
}

#[test]
fn a_requester_sees_the_request_and_why_an_approval_would_not_count() {
    let (sandbox, test_env) = demo();
    let mut running = test_env.start(&sandbox.keys("developer"), &["release"]);
    let id = release_in(&running.says("waits for approval"));
    let mut terminal = Terminal::start(&test_env, &sandbox.keys("developer"), (60, 24), &[&id]);
    terminal.shows("waits for approval by");
    terminal.types("a");
    let screen = terminal.shows("this answer would not count");
    assert!(screen.contains("arn:aws:iam::111111111111:user/manager"), "{screen}");
    terminal.types("ay");
    terminal.types("f");
    let screen = terminal.shows("gate of prod: passed (2 low)");
    assert!(!screen.contains("approve exactly"), "{screen}");
    assert!(!running.has_said("approved by"));
    terminal.types("q");
    terminal.ended(0);
}

#[test]
fn a_request_that_somebody_else_answers_can_no_longer_be_answered_on_the_screen() {
    let (sandbox, test_env) = demo();
    let mut running = test_env.start(&sandbox.keys("developer"), &["release"]);
    let id = release_in(&running.says("waits for approval"));
    let manager = sandbox.keys("manager");
    let mut terminal = Terminal::start(&test_env, &manager, (60, 24), &[&id]);
    terminal.shows("waits for approval by");
    terminal.types("a");
    terminal.shows("a approve");
    test_env.run(&manager, &["reject", &id, "--yes", "-m", "not on a Friday"]).ended(0);
    terminal.shows("no longer what waits for approval");
    terminal.types("ay");
    terminal.types("\x1b");
    terminal.shows("✗ rejected: ");
    running.end().ended(11);
    terminal.types("q");
    terminal.ended(0);
}

#[test]
fn a_release_that_begins_while_nothing_is_recorded_appears() {
    let (sandbox, test_env) = demo();
    let developer = sandbox.keys("developer");
    let mut terminal = Terminal::start(&test_env, &developer, (80, 24), &[]);
    terminal.shows("no release is recorded yet");
    assert!(!test_env.has_state(), "it only reads");
    let ran = test_env.run(&developer, &["release", "--until", "dev"]).ended(0);
    let id = release_in(&ran.out);
    terminal.shows(&format!("▸ {id}"));
    terminal.shows("succeeded");
    terminal.types("q");
    terminal.ended(0);
}

#[test]
fn the_terminal_is_restored_after_a_signal() {
    let (sandbox, test_env) = demo();
    for signal in ["TERM", "INT", "HUP", "QUIT"] {
        let mut terminal = Terminal::start(&test_env, &sandbox.keys("developer"), (80, 24), &[]);
        terminal.shows("no release is recorded yet");
        terminal.signal(signal);
        terminal.ended(0);
    }
}

#[test]
fn keys_end_it_and_leave_the_terminal_clean() {
    let (sandbox, test_env) = demo();
    for key in ["q", "\x03"] {
        let mut terminal = Terminal::start(&test_env, &sandbox.keys("developer"), (60, 24), &[]);
        terminal.shows("q quit");
        terminal.types(key);
        terminal.ended(0);
    }
}

#[test]
fn without_a_terminal_it_names_the_verbs_that_need_none() {
    let (sandbox, test_env) = demo();
    let keys = sandbox.keys("developer");
    for args in [&["watch"][..], &["watch", "--output", "json"]] {
        let ran = test_env.run(&keys, args).ended(2);
        let said = format!("{}{}", ran.out, ran.err);
        assert!(said.contains("needs a terminal") && said.contains("kanmon status") && said.contains("kanmon history"));
    }
    let ran = test_env.run_on_terminal(&keys, 80, "", &["watch", "-v"]).ended(2);
    assert!(ran.out.contains("kanmon watch -v 2> watch.log"), "{}", ran.out);
    assert!(!ran.out.contains("\x1b[?1049h"));
}
