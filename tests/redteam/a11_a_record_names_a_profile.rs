//! A record names another profile, endpoint or role: a process that works on it would run the profile's program, or send credentials to a
//! stranger. Accounts come from the local file, and a record with other ones is refused.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::record::Record;
use super::world::{BOTH, World};

/// A release that waits for the manager while nobody works on it.
fn waiting(world: &World) -> Record {
    let release = world.prepared();
    let running = world.waits(&release);
    running.signal("INT");
    running.end().ended(30);
    world.record(&release)
}

fn verbs(id: &str, plan: &str) -> Vec<(bool, Vec<String>)> {
    let line = |text: &str| text.split(' ').map(|w| w.replace("ID", id).replace("PLAN", plan)).collect();
    vec![
        (true, line("approve ID --plan PLAN")),
        (true, line("reject ID --plan PLAN")),
        (false, line("promote ID --to prod")),
        (false, line("resume ID")),
        (false, line("abort ID --comment x")),
        (false, line("plan ID")),
    ]
}

#[test]
fn a_profile_an_endpoint_or_a_role_of_a_record_is_used_on_nobodys_machine() {
    for topology in BOTH {
        let world = World::new(topology);
        let honest = waiting(&world);
        let plan = world.plan(&honest.release);
        // Both have a profile of that name, which starts a program.
        let machine = tempfile::tempdir().unwrap();
        let [config, program, ran] = ["config", "program", "ran"].map(|name| machine.path().join(name));
        std::fs::write(&program, format!("#!/bin/sh\ntouch {}\n", ran.display())).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::write(&config, format!("[profile evil]\ncredential_process = {}\n", program.display())).unwrap();
        let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
        stranger.set_nonblocking(true).unwrap();
        let address = format!("http://{}", stranger.local_addr().unwrap());

        let forgeries: [(&str, Value); 3] = [
            ("profile", json!("evil")),
            ("endpoints", json!({ "default": address })),
            ("role", json!("arn:aws:iam::222222222222:role/other")),
        ];
        for (member, value) in forgeries {
            let mut forged = honest.clone();
            for account in ["dev", "prod"] {
                forged.edit("started", |s| s["pipeline"]["accounts"][account][member] = value.clone());
            }
            world.plant(&forged);
            for (managers, verb) in verbs(&honest.release, &plan) {
                let mut person = if managers { world.manager() } else { world.promoter() };
                person.keys.push(("AWS_CONFIG_FILE".to_owned(), config.display().to_string()));
                let args: Vec<&str> = verb.iter().map(String::as_str).collect();
                let refused = person.run(&args).ended(2);
                refused.on_stderr("another pipeline file").on_stderr("accounts.");
                assert!(!ran.exists(), "{topology:?}: {verb:?} ran the program of the record's profile");
                assert!(stranger.accept().is_err(), "{topology:?}: {verb:?} asked the record's endpoint");
            }
        }
        world.production_is_untouched();
        // The control: the unchanged record is approved and continues.
        world.plant(&honest);
        let running = world.waits(&honest.release);
        world.approves(&honest.release);
        running.end().ended(0);
    }
}
