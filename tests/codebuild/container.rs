//! What CodeBuild does with a build specification (its user guide: "Build specification reference", "Build phase transitions"), as
//! strictly as the guide allows: commands share their folder and their exported variables, and nothing else.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::binary::junit::{self, Junit};

/// The project's timeout.
const TIMEOUT: Duration = Duration::from_secs(240);

/// A build specification. Unknown members are errors.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    version: f64,
    #[serde(default)]
    env: Env,
    phases: Phases,
    /// By the second half of the group's name; the first half is the project's name.
    #[serde(default)]
    reports: BTreeMap<String, ReportGroup>,
    artifacts: Option<Artifacts>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Env {
    shell: Option<String>,
    variables: BTreeMap<String, String>,
    exported_variables: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Phases {
    install: Option<Phase>,
    pre_build: Option<Phase>,
    build: Option<Phase>,
    post_build: Option<Phase>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Phase {
    commands: Vec<String>,
    #[serde(default)]
    finally: Vec<String>,
    on_failure: Option<OnFailure>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum OnFailure {
    Abort,
    Continue,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ReportGroup {
    /// Without patterns.
    files: Vec<String>,
    base_directory: Option<String>,
    #[serde(default)]
    file_format: FileFormat,
}

/// The only one of CodeBuild's formats that is read here.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum FileFormat {
    #[default]
    JunitXml,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Artifacts {
    /// Without patterns.
    files: Vec<String>,
}

/// What a project and its action pass to a build.
pub struct Container {
    /// The sources: `CODEBUILD_SRC_DIR`.
    pub sources: PathBuf,
    /// Empty at first: the home, and other folders of the container.
    pub own: PathBuf,
    /// The folders of programs.
    pub programs: PathBuf,
    /// Variables of the project and the action, which take precedence over the specification's, and those that CodeBuild sets.
    pub variables: BTreeMap<String, String>,
}

/// A build that has ended.
#[derive(Debug)]
pub struct Built {
    pub succeeded: bool,
    /// The phases that ran, and the exit code of the first command that failed in each.
    pub phases: Vec<(&'static str, Option<i32>)>,
    pub exported: BTreeMap<String, String>,
    pub artifacts: BTreeMap<String, String>,
    /// The reports in the files of each group.
    pub reports: BTreeMap<String, Vec<Junit>>,
    pub log: String,
}

impl Spec {
    pub fn read(text: &str) -> Spec {
        let spec: Spec = serde_saphyr::from_str(text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(spec.version, 0.2, "version 0.1 runs each command separately");
        assert!(spec.reports.len() <= 5, "a build has at most five report groups");
        assert!(spec.env.exported_variables.iter().all(|name| !name.starts_with("AWS_")), "refused by CodeBuild");
        spec
    }

    /// The same in another shell: `sh` differs between images.
    pub fn in_shell(mut self, shell: &str) -> Spec {
        self.env.shell = Some(shell.to_owned());
        self
    }

    pub fn run(&self, container: &Container) -> Built {
        let mut run = Run::new(self, container);
        // After a failure nothing follows, unless the phase says so; after `build`, `post_build` does.
        let phases = [
            ("install", &self.phases.install, OnFailure::Abort),
            ("pre_build", &self.phases.pre_build, OnFailure::Abort),
            ("build", &self.phases.build, OnFailure::Continue),
            ("post_build", &self.phases.post_build, OnFailure::Abort),
        ];
        for (name, phase, otherwise) in phases {
            let Some(phase) = phase else { continue };
            if !run.phase(name, phase) && phase.on_failure.unwrap_or(otherwise) == OnFailure::Abort {
                break;
            }
        }
        run.end()
    }
}

struct Run<'a> {
    spec: &'a Spec,
    container: &'a Container,
    phases: Vec<(&'static str, Option<i32>)>,
}

impl<'a> Run<'a> {
    fn new(spec: &'a Spec, container: &'a Container) -> Run<'a> {
        let run = Run { spec, container, phases: Vec::new() };
        for folder in ["home", "tmp"] {
            std::fs::create_dir(container.own.join(folder)).unwrap();
        }
        let path = |p: &Path| p.display().to_string();
        let mut variables = spec.env.variables.clone();
        variables.extend(container.variables.clone());
        variables.insert("CODEBUILD_SRC_DIR".into(), path(&container.sources));
        variables.insert("CODEBUILD_BUILD_SUCCEEDING".into(), "1".into());
        variables.insert("HOME".into(), path(&container.own.join("home")));
        variables.insert("PATH".into(), path(&container.programs));
        // A container has its own /tmp.
        variables.insert("TMPDIR".into(), path(&container.own.join("tmp")));
        let quoted = |value: &str| format!("'{}'", value.replace('\'', r"'\''"));
        let lines = variables.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value)));
        std::fs::write(run.file("environment"), lines.collect::<String>()).unwrap();
        std::fs::write(run.file("folder"), path(&container.sources)).unwrap();
        File::create(run.file("log")).unwrap();
        run
    }

    fn file(&self, name: &str) -> PathBuf {
        self.container.own.join(name)
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.file(name)).unwrap()).into_owned()
    }

    /// Whether all of its commands succeeded.
    fn phase(&mut self, name: &'static str, phase: &Phase) -> bool {
        let first_failure = |commands: &[String]| commands.iter().map(|c| self.command(c)).find(|code| *code != 0);
        let failure = first_failure(&phase.commands);
        let last = first_failure(&phase.finally);
        let failure = failure.or(last);
        if failure.is_some() {
            self.command("export CODEBUILD_BUILD_SUCCEEDING=0");
        }
        self.phases.push((name, failure));
        failure.is_none()
    }

    /// Runs one command; its exit code.
    fn command(&self, command: &str) -> i32 {
        std::fs::write(self.file("command"), command).unwrap();
        let log = || File::options().append(true).open(self.file("log")).unwrap();
        let around = r#". "$1/environment"; . "$1/command"; set -- "$1" "$?"; export -p >"$1/environment"; pwd >"$1/folder"; exit "$2""#;
        let child = self.shell(around).current_dir(self.text("folder").trim_end()).stdout(log()).stderr(log()).spawn();
        ends(child.unwrap()).unwrap_or(-1)
    }

    fn shell(&self, text: &str) -> Command {
        let shell = self.spec.env.shell.as_deref().unwrap_or("sh");
        let mut command = Command::new(Path::new("/bin").join(shell));
        command.args(["-c", text, shell]).arg(&self.container.own).env_clear().stdin(Stdio::null());
        command
    }

    fn end(self) -> Built {
        let value = |name: &String| {
            let printed = self.shell(&format!(r#". "$1/environment"; printf %s "${name}""#)).output().unwrap();
            (name.clone(), String::from_utf8(printed.stdout).unwrap())
        };
        let exported = self.spec.env.exported_variables.iter().map(value).collect();
        // Always attempted; a missing file fails the build.
        let wanted = self.spec.artifacts.iter().flat_map(|a| &a.files);
        let found = wanted.map(|name| (name.clone(), std::fs::read_to_string(self.container.sources.join(name)).ok()));
        let found: Vec<(String, Option<String>)> = found.collect();
        let (reports, all_read) = self.reports();
        let succeeded = self.phases.iter().all(|(_, code)| code.is_none())
            && found.iter().all(|(_, text)| text.is_some())
            && all_read;
        let artifacts = found.into_iter().filter_map(|(name, text)| Some((name, text?))).collect();
        let log = self.text("log");
        Built { succeeded, phases: self.phases, exported, artifacts, reports, log }
    }

    /// The reports of the report groups, and whether all of their files exist: otherwise the guide calls the report incomplete, and a
    /// build should never have one.
    fn reports(&self) -> (BTreeMap<String, Vec<Junit>>, bool) {
        let mut all_read = true;
        let mut read = |group: &ReportGroup| -> Vec<Junit> {
            let folder = self.container.sources.join(group.base_directory.as_deref().unwrap_or("."));
            let texts: Vec<Option<String>> =
                group.files.iter().map(|name| std::fs::read_to_string(folder.join(name)).ok()).collect();
            all_read &= texts.iter().all(Option::is_some);
            let parse = |text: &String| match group.file_format {
                FileFormat::JunitXml => junit::read(text),
            };
            texts.iter().flatten().map(parse).collect()
        };
        let reports = self.spec.reports.iter().map(|(name, group)| (name.clone(), read(group))).collect();
        (reports, all_read)
    }
}

/// Waits for a process of this test, and kills it if it takes too long; `None`: it was ended by a signal.
fn ends(mut child: Child) -> Option<i32> {
    let until = Instant::now() + TIMEOUT;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if Instant::now() > until {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the build timed out");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
