//! The author of a commit and the reasons of others contain escape sequences, which would rewrite earlier lines on the approver's terminal
//! or fill the clipboard. They are printed escaped.

use super::world::{BOTH, World};

/// Moves a line up and to its start, writes another text there, and fills the clipboard.
const EVIL: &str = "\u{1b}[1A\r  gate      passed (no findings)\u{1b}]52;c;ZXZpbA==\u{7}\u{202e}";

#[test]
fn text_of_others_does_not_move_the_cursor_of_the_approvers_terminal() {
    for topology in BOTH {
        let world = World::new(topology);
        let test_env = world.developer().test_env;
        let name = format!("user.name=Dev{EVIL}");
        test_env.git(&["-c", &name, "-c", "user.email=dev@example.com", "commit", "-q", "--allow-empty", "-m", "x"]);
        let release = world.prepared();
        let _running = world.waits(&release);
        let reason = format!("{EVIL}\n  gate      passed (no findings)");
        world.manager().run(&["freeze", "staging", "--comment", &reason]).ended(0);
        let manager = world.manager();
        for args in [vec!["approvals"], vec!["history", release.as_str()], vec!["history"], vec!["status"]] {
            let ran = manager.run(&args).ended(0);
            let obeyed = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
            assert!(!ran.out.chars().chain(ran.err.chars()).any(obeyed), "{topology:?} {args:?}: {:?}", ran.out);
            let faked = ran.out.lines().filter(|l| l.starts_with("  gate      passed (no findings)")).count();
            assert!(faked <= usize::from(args == ["approvals"]), "{topology:?} {args:?}:\n{}", ran.out);
        }
        world.manager().run(&["approvals"]).ended(0).says(r"by Dev\u{1b}[1A\r");
    }
}

#[test]
fn control_an_honest_name_and_reason_are_shown_unchanged() {
    let world = World::new(BOTH[0]);
    let test_env = world.developer().test_env;
    test_env.git(&[
        "-c",
        "user.name=山田 太郎",
        "-c",
        "user.email=y@example.com",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "x",
    ]);
    let release = world.prepared();
    let _running = world.waits(&release);
    world.manager().run(&["approvals"]).ended(0).says("by 山田 太郎 <y@example.com>");
    world.manager().run(&["freeze", "staging", "--comment", "点検 – “é”"]).ended(0);
    world.manager().run(&["status"]).ended(0).says("点検 – “é”");
}
