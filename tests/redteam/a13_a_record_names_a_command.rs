//! A record whose stage has a check with a command, which would run in production's build. Only the commands of the file there run.

use serde_json::json;

use super::world::{BOTH, World};

#[test]
fn a_command_of_a_record_runs_nowhere() {
    for topology in BOTH {
        let world = World::new(topology);
        let release = world.prepared();
        let honest = world.record(&release);
        let ran = world.state().join("ran");
        for stage in [0, 1] {
            let mut forged = honest.clone();
            let argv = ["sh".to_owned(), "-c".to_owned(), format!("env > {}", ran.display())];
            let check = json!({ "step": "check", "check": "command", "argv": argv, "timeout": "PT30S" });
            forged.edit("started", |s| {
                s["pipeline"]["stages"][stage]["steps"].as_array_mut().unwrap().push(check.clone());
            });
            // The record is cut off before the stage was left.
            forged.without(&["stage-left", "finished"]);
            world.plant(&forged);
            for verb in ["promote", "resume"] {
                let to: &[&str] = if verb == "promote" { &["--to", "prod"] } else { &[] };
                let refused = world.promoter().run(&[&[verb, release.as_str()], to].concat());
                refused.ended(2).on_stderr("another pipeline file").on_stderr("steps");
                assert!(!ran.exists(), "{topology:?}: {verb} ran the record's command");
            }
        }
        world.production_is_untouched();
    }
}

#[test]
fn control_a_command_of_the_local_file_runs() {
    for topology in BOTH {
        let world = World::new(topology);
        let with_check = "steps: [{ roll: web }, { check: { command: [\"true\"], timeout: 30s } }]";
        world.edit_for_all("steps: [{ roll: web }]", with_check);
        let release = world.honest();
        let record = world.record(&release);
        assert_eq!(record.facts.iter().filter(|(_, f)| f["kind"] == "check-judged").count(), 2, "{topology:?}");
    }
}
