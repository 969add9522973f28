//! A plan named by a few digits can be forged: somebody who can try many plans finds another one that begins alike. And `--yes` where nobody
//! looked approves whatever waits by then.

use super::rig::{BOTH, Field};

#[test]
fn a_prefix_that_can_be_forged_is_refused_and_so_is_yes_to_whatever_waits() {
    for topology in BOTH {
        let field = Field::new(topology);
        let release = field.prepared();
        let running = field.waits(&release);
        let plan = field.plan(&release);
        for digits in [8, 12, 15] {
            let ran = field.manager().run(&["approve", &release, "--plan", &plan[..digits]]).ended(2);
            ran.told("too short to identify a plan").told("at least 16 digits");
        }
        field.manager().run(&["approve", &release, "--yes"]).ended(2).told("without a terminal").told("--plan ");
        field.manager().run(&["approve", &release, "--yes", "--output", "json"]).ended(2);
        field.production_is_untouched();
        // The control: as many digits as every sheet shows.
        let sheet = field.manager().run(&["approvals"]).ended(0);
        let command = format!("kanmon approve {release} --plan {}", &plan[..16]);
        assert!(sheet.out.lines().any(|line| line.trim() == command), "{}", sheet.out);
        field.manager().run(&["approve", &release, "--plan", &plan[..16]]).ended(0);
        running.end().ended(0);
    }
}
