//! Completions, by the verdict of the shells: each loads the script and completes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::releases::APPROVAL;
use super::test_env::{Ran, Running, Sandbox, TestEnv, release_in};
use crate::real::peers::have;

/// A shell in a repository, which finds kanmon on its PATH.
struct Shell<'t> {
    test_env: &'t TestEnv,
    env: Vec<(String, String)>,
}

impl Shell<'_> {
    fn new(test_env: &TestEnv) -> Shell<'_> {
        Shell { test_env, env: Vec::new() }
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut path = vec![PathBuf::from(env!("CARGO_BIN_EXE_kanmon")).parent().unwrap().to_owned()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        let mut command = Command::new(program);
        command.args(args).env_clear().env("HOME", self.test_env.home()).env("TERM", "xterm");
        command.env("PATH", std::env::join_paths(path).unwrap()).envs(self.env.iter().map(|(k, v)| (k, v)));
        command.current_dir(self.test_env.root.path());
        command
    }

    /// What bash offers for a command line that ends here.
    fn bash(&self, line: &str) -> Vec<String> {
        let script = "source <(kanmon completions bash) || exit 9\n\
            read -ra COMP_WORDS <<<\"$1\"; [[ $1 == *' ' ]] && COMP_WORDS+=('')\n\
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=63\n\
            function=$(complete -p kanmon | sed 's/.*-F \\([^ ]*\\) .*/\\1/')\n\
            $function kanmon \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\" && printf '%s\\n' \"${COMPREPLY[@]}\"";
        offered(self.ran("bash", &["--norc", "--noprofile", "-c", script, "bash", line]))
    }

    /// The same for fish, without its descriptions.
    fn fish(&self, line: &str) -> Vec<String> {
        let script = "kanmon completions fish | source; or exit 9; complete -C $argv[1]";
        let ran = self.ran("fish", &["--no-config", "--private", "-c", script, line]);
        offered(ran).iter().map(|offer| offer.split('\t').next().unwrap().to_owned()).collect()
    }

    fn ran(&self, program: &str, args: &[&str]) -> Ran {
        let ran = Running::new(self.command(program, args), Stdio::null()).end().ended(0);
        assert_eq!(ran.err, "", "{program} {args:?}");
        ran
    }

    /// An interactive shell on a terminal, whose Ctrl-X s prints the command line between brackets.
    fn on_terminal(&self, shell: &str, set_up: &str) -> Running {
        let mut running = Running::new(self.command("script", &["-qec", shell, "/dev/null"]), Stdio::piped());
        running.types(&format!("{set_up}; echo re''ady\r"));
        running.says("ready");
        running
    }
}

fn offered(ran: Ran) -> Vec<String> {
    ran.out.lines().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// A repository with the record of a release.
fn released() -> (Sandbox, TestEnv, String) {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit(APPROVAL, "");
    let ran = test_env.run(&sandbox.keys("developer"), &["release", "--until", "dev"]).ended(0);
    let id = release_in(&ran.out);
    (sandbox, test_env, id)
}

#[test]
fn bash_and_fish_complete_verbs_options_and_the_values_that_exist() {
    if !have("bash_and_fish_complete_verbs_options_and_the_values_that_exist", &["bash", "fish"]) {
        return;
    }
    let (sandbox, test_env, id) = released();
    let shell = Shell { env: sandbox.keys("developer"), ..Shell::new(&test_env) };
    let calls = sandbox.calls().len();
    for complete in [Shell::bash, Shell::fish] {
        assert_eq!(complete(&shell, "kanmon app"), ["approvals", "approve"]);
        assert_eq!(
            complete(&shell, "kanmon freeze "),
            complete(&shell, "kanmon freeze --pipeline pipelines/hello.yaml ")
        );
        assert_eq!(complete(&shell, "kanmon freeze pr"), ["prod"]);
        assert_eq!(complete(&shell, "kanmon promote --to sta"), ["staging"]);
        assert_eq!(complete(&shell, "kanmon release --unt"), ["--until"]);
        assert_eq!(complete(&shell, "kanmon history r"), [id.as_str()]);
        assert_eq!(complete(&shell, "kanmon approve --plan x r"), [id.as_str()]);
        assert_eq!(complete(&shell, "kanmon unlock de"), ["dev"]);
        assert_eq!(complete(&shell, "kanmon unlock r"), [id.as_str()]);
        assert_eq!(complete(&shell, "kanmon check pipelines/h"), ["pipelines/hello.yaml"]);
        assert_eq!(complete(&shell, "kanmon --pipeline p"), ["pipelines/hello.yaml", "pipelines/"]);
        assert_eq!(complete(&shell, "kanmon release --image a"), ["app="]);
        assert_eq!(complete(&shell, "kanmon help gat"), ["gate"]);
        assert_eq!(complete(&shell, "kanmon completions f"), ["fish"]);
    }
    assert_eq!(sandbox.calls().len(), calls, "a completion called AWS");
}

#[test]
fn bash_and_zsh_complete_when_a_person_presses_tab() {
    if !have("bash_and_zsh_complete_when_a_person_presses_tab", &["bash", "zsh", "script"]) {
        return;
    }
    let test_env = TestEnv::demo_at("http://127.0.0.1:9");
    let shell = Shell::new(&test_env);
    let bash = shell.on_terminal(
        "bash --norc --noprofile -i",
        "source <(kanmon completions bash); bind -x '\"\\C-xs\": printf \"<%s>\\n\" \"$READLINE_LINE\"'",
    );
    let zsh = shell.on_terminal(
        "zsh -f -i",
        "PROMPT='> '; autoload -Uz compinit; compinit -u -D; source <(kanmon completions zsh); \
         show() { print -r -- \"<$BUFFER>\" }; zle -N show; bindkey '^Xs' show",
    );
    for mut running in [bash, zsh] {
        for (typed, completed) in [
            ("kanmon freeze pr", "kanmon freeze prod"),
            ("kanmon comple", "kanmon completions"),
            ("kanmon promote --to stag", "kanmon promote --to staging"),
            ("kanmon check pipelines/he", "kanmon check pipelines/hello.yaml"),
        ] {
            // Ctrl-U empties the line.
            running.types(&format!("\x15{typed}\t\x18s"));
            running.says(&format!("<{completed}"));
        }
        running.types("\x15exit\r");
        running.end().ended(0);
    }
}

/// What kanmon answers to a script whose command line ends here.
fn answer(test_env: &TestEnv, shell: &str, words: &[&str]) -> String {
    let env = [
        ("KANMON_COMPLETE".to_owned(), shell.to_owned()),
        ("_CLAP_COMPLETE_INDEX".to_owned(), (words.len() - 1).to_string()),
        ("_CLAP_IFS".to_owned(), if shell == "bash" { "\u{b}" } else { "\n" }.to_owned()),
    ];
    let ran = test_env.run(&env, &[&["--"], words].concat()).ended(0);
    assert_eq!(ran.err, "", "{words:?}");
    ran.out
}

#[test]
fn names_that_a_terminal_or_a_shell_would_act_on_are_not_offered() {
    let test_env = TestEnv::demo_at("http://127.0.0.1:9");
    for name in ["\u{1b}[2Jx.yaml", "$(touch pwned).yaml", "a b.yaml", "x\u{202e}y.yaml", "ok.yaml"] {
        test_env.write(&format!("pipelines/{name}"), "version: 1\n");
    }
    for shell in ["fish", "zsh", "bash"] {
        let offered = answer(&test_env, shell, &["kanmon", "check", "pipelines/"]);
        assert!(offered.contains("ok.yaml"), "{shell}: {offered:?}");
        assert!(!offered.chars().any(|c| c == '\u{1b}' || c == '\u{202e}'), "{shell}: {offered:?}");
    }
    assert!(!answer(&test_env, "bash", &["kanmon", "check", "pipelines/"]).contains(['$', ' ']));
}

#[test]
fn what_cannot_be_read_offers_nothing_and_prints_nothing() {
    let (_sandbox, test_env, id) = released();
    let releases = |test_env: &TestEnv| answer(test_env, "fish", &["kanmon", "history", "r"]);
    assert!(releases(&test_env).contains(&id));

    // Another process has the whole database.
    let database = test_env.root.path().join(".kanmon/journal.db");
    let holder = rusqlite::Connection::open(&database).unwrap();
    // A database whose log is empty is read without its locks.
    let change = "UPDATE releases SET fence = fence + 1; UPDATE releases SET fence = fence - 1; BEGIN EXCLUSIVE";
    holder.execute_batch(&format!("PRAGMA locking_mode = EXCLUSIVE; {change}")).unwrap();
    assert_eq!(releases(&test_env), "");
    assert!(answer(&test_env, "fish", &["kanmon", "freeze", "p"]).contains("prod"));
    drop(holder);
    assert!(releases(&test_env).contains(&id));

    // A record that came with a copy of the repository.
    let copy = TestEnv::demo_at("http://127.0.0.1:9");
    copy_folder(&test_env.root.path().join(".kanmon"), &copy.root.path().join(".kanmon"));
    assert_eq!(releases(&copy), "");

    // State in a table is not asked for.
    test_env.edit("version: 1", "version: 1\nstate: dynamodb://dev/kanmon-state");
    assert_eq!(releases(&test_env), "");

    std::fs::write(&database, "no database").unwrap();
    test_env.edit("state: dynamodb://dev/kanmon-state", "state: local");
    assert_eq!(releases(&test_env), "");
    test_env.write("pipelines/hello.yaml", "stages: [");
    assert_eq!(answer(&test_env, "fish", &["kanmon", "freeze", "p"]), "");
    assert_eq!(answer(&test_env, "no-such-shell", &["kanmon", "fre"]), "");
    assert_eq!(answer(&TestEnv::empty(), "zsh", &["kanmon", "freeze", "p"]), "");
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_variable_that_was_exported_by_mistake_does_not_turn_a_command_into_nothing() {
    let env = [("KANMON_COMPLETE".to_owned(), "bash".to_owned())];
    TestEnv::empty().run(&env, &["check"]).ended(2).on_stderr("error:");
}
