//! A release deploys the templates and values that it started with: files that were changed since are refused by their SHA-256.

use super::world::{BOTH, World};

#[test]
fn a_template_or_values_that_were_changed_since_the_start_are_refused() {
    for topology in BOTH {
        for (file, from, to) in [
            ("deploy/web.json", "\"essential\": true,", "\"essential\": true, \"command\": [\"/evil\"],"),
            ("deploy/prod.yaml", "cpu: 512", "cpu: 1024"),
        ] {
            let world = World::new(topology);
            let release = world.prepared();
            let test_env = world.promoter().test_env;
            let honest = std::fs::read_to_string(test_env.root.path().join(file)).unwrap();
            assert!(honest.contains(from), "{honest}");
            test_env.write(file, &honest.replace(from, to));
            let ran = world.promoter().run(&["promote", &release, "--to", "prod"]);
            assert!(!matches!(ran.code, Some(0 | 30)), "{topology:?} {file}: {ran:?}");
            assert!((ran.out + &ran.err).contains("has changed since the release started"), "{file}");
            world.production_is_untouched();
            // The control: with the original file, the release continues.
            test_env.write(file, &honest);
            let running = world.waits(&release);
            world.approves(&release);
            running.end().ended(0);
            assert_eq!(world.in_production(), world.digest(&release));
        }
    }
}
