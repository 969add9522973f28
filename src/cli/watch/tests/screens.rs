//! What the screens look like, at the sizes that people have.

use rstest::rstest;

use super::*;
use crate::cli::watch::event::Key;
use crate::model::fault::{FaultKind, samples};
use crate::model::ledger::LastGood;
use crate::model::outcome::Outcome;
use crate::model::release::samples::ending;
use crate::report::words::Words;

fn ended() -> Vec<Fact> {
    let ending = ending(Outcome::RolledBack);
    [in_rollout(), vec![Fact::Finished { ending }]].concat()
}

/// A release that waits, one that rolls, and one that has ended.
fn busy() -> State {
    let older = followed("r20270113-080000-cccccc", ended(), false);
    let releases = vec![followed(NEW, waiting_for(b"plan"), true), followed(OLD, in_rollout(), true), older];
    let mut state = state_of(releases, None);
    state.update(live("dev", reading(new_and_old())));
    let denied = LiveService { at: now(), read: Err(samples::of(FaultKind::AccessDenied)) };
    state.update(Event::Live((id("prod"), id("web")), denied));
    state
}

fn key(state: &mut State, key: char) {
    state.update(Event::Key(Key::Char(key)));
}

#[test]
fn the_overview_at_80_columns() {
    insta::assert_snapshot!(drawn(&mut busy(), 80, 24), @"
    shop                                                                      ● live
     dev/web           ●○○ 1/3 + 2 old ▶  r20270115-080000-aaaaaa
     prod/web          not visible
     not visible to you: prod; `kanmon status` shows why
    ─ releases ─────────────────────────────────────────────────────────────────────
    ▸ r20270115-080000-aaaaaa   1m  ✓ dev  ? prod  waits for approval, 23h left
      r20270114-080000-bbbbbb   1m  ▶ dev  · prod  dev/web: 1/3 running
      r20270113-080000-cccccc   1m  ✗ dev  · prod  rolled back














    ────────────────────────────────────────────────────────────────────────────────
    ↑↓ select  enter open  a decide  d differences  f findings  h history  q quit
    ");
}

#[test]
fn the_overview_at_60_columns() {
    insta::assert_snapshot!(drawn(&mut busy(), 60, 24), @"
    shop                                                  ● live
     dev/web       ●○○ 1/3 + 2 old ▶  r20270115-080000-aaaaaa
     prod/web      not visible
     not visible to you: prod; `kanmon status` shows why
    ─ releases ─────────────────────────────────────────────────
    ▸ r20270115-080000-aaaaaa   1m  ✓?  approval, 23h left
      r20270114-080000-bbbbbb   1m  ▶·  dev/web: 1/3 running
      r20270113-080000-cccccc   1m  ✗·  rolled back













    ────────────────────────────────────────────────────────────
    ↑↓ select  enter open  a decide  d differences  f findings
    h history  q quit
    ");
}

#[test]
fn the_overview_on_a_wide_screen() {
    insta::assert_snapshot!(drawn(&mut busy(), 140, 16), @"
    shop                                                                                                                                  ● live
     dev/web                       ●○○ 1/3 + 2 old ▶  r20270115-080000-aaaaaa
     prod/web                      not visible
     not visible to you: prod; `kanmon status` shows why
    ─ releases ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    ▸ r20270115-080000-aaaaaa   1m  ✓ dev  ? prod  waits for approval of prod, 23h 58m left                                     developer
      r20270114-080000-bbbbbb   1m  ▶ dev  · prod  dev/web: 1/3 running                                                         developer
      r20270113-080000-cccccc   1m  ✗ dev  · prod  rolled back                                                                  developer






    ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    ↑↓ select  enter open  a decide  d differences  f findings  h history  q quit
    ");
}

#[test]
fn before_anything_is_recorded() {
    let mut state = state_of(vec![], None);
    insta::assert_snapshot!(drawn(&mut state, 80, 10), @"
    shop                                                                      ● live
     dev/web           reading …
     prod/web          reading …
    ─ releases ─────────────────────────────────────────────────────────────────────
    no release is recorded yet; `kanmon release` starts one



    ────────────────────────────────────────────────────────────────────────────────
    ↑↓ select  enter open  d differences  f findings  h history  q quit
    ");
}

#[test]
fn a_rollout_with_its_tasks() {
    let mut state = busy();
    state.selected = Some(id(OLD));
    key(&mut state, 'p');
    insta::assert_snapshot!(drawn(&mut state, 80, 24), @"
    shop r20270114-080000-bbbbbb  progress                                    ● live
    in progress, started 1m 39s ago
    commit c0ffee
    requested by developer of 012345678901
    dev@laptop, pid 4711 works on it

    ▶ dev   entered 1m 34s ago
        web  shop-dev-web:1 → shop-dev-web:2
          new   ●○○  1/3 running, 2 pending  shop-dev-web:2
          old   ●●   2 running  shop-dev-web:1
    · prod  needs approval

    now
      dev/web: 1/3 running

    before, the newest first
       1m → dev/web          shop-dev-web:1 → shop-dev-web:2, 3 tasks
       1m ✓ dev/migrate      ran, exit code 0
       1m → dev/migrate      runs as task 1
       1m → dev              entered: cluster dev, account main (012345678901)
       1m ✓ dev              severity gate: passed (no findings)
       1m ✓ web              built by layers: shop@sha256:4b5e57f6eb2f
    ────────────────────────────────────────────────────────────────────────────────
    esc back  p progress  d differences  f findings  h history  q quit
    ");
}

#[test]
fn a_rollout_of_which_only_the_record_is_known_at_60_columns() {
    let mut state = state_of(vec![followed(OLD, in_rollout(), true)], Some(OLD));
    insta::assert_snapshot!(drawn(&mut state, 60, 24), @"
    shop r20270114-080000-bbbbbb  progress                ● live
    in progress, started 1m 39s ago
    commit c0ffee
    requested by developer of 012345678901
    dev@laptop, pid 4711 works on it

    ▶ dev   entered 1m 34s ago
        web  shop-dev-web:1 → shop-dev-web:2
          new   ●○○  1/3 running, 2 pending
    · prod  needs approval

    now
      dev/web: 1/3 running

    before, the newest first
       1m → dev/web          shop-dev-web:1 → shop-dev-web:2, 3
                             tasks
       1m ✓ dev/migrate      ran, exit code 0
       1m → dev/migrate      runs as task 1
       1m → dev              entered: cluster dev, account main
                             (012345678901)
    ────────────────────────────────────────────────────────────
    esc back  p progress  d differences  f findings  h history
    q quit
    ");
}

#[test]
fn a_release_that_waits_for_approval() {
    let mut state = busy();
    key(&mut state, 'p');
    insta::assert_snapshot!(drawn(&mut state, 80, 24), @"
    shop r20270115-080000-aaaaaa  progress                                    ● live
    waits for approval of prod, 23h 58m left, started 1m 39s ago
    commit c0ffee
    requested by developer of 012345678901
    dev@laptop, pid 4711 works on it

    ✓ dev   done in 6s
    ? prod  waits for approval by anybody with AWS credentials, except the
        requester, 23h 58m left

    before, the newest first
       1m ? prod             waits for approval of plan 64879f7d6b960a01, until
                             2027-01-16 08:00 UTC (1d)
       1m ✓ prod             severity gate: passed (no findings)
       1m ✓ dev              done in 6s
       1m → dev/web          shop-dev-web:1 → shop-dev-web:2, 3 tasks
       1m ✓ dev/migrate      ran, exit code 0
       1m → dev/migrate      runs as task 1
       1m → dev              entered: cluster dev, account main (012345678901)
       1m ✓ dev              severity gate: passed (no findings)


    ────────────────────────────────────────────────────────────────────────────────
    esc back  p progress  a decide  d differences  f findings  h history  q quit
    ");
}

#[test]
fn a_release_that_has_ended() {
    let mut state = busy();
    state.selected = Some(id("r20270113-080000-cccccc"));
    key(&mut state, 'p');
    insta::assert_snapshot!(drawn(&mut state, 80, 24), @"
    shop r20270113-080000-cccccc  progress                                    ● live
    rolled back, started 1m 39s ago
    commit c0ffee
    requested by developer of 012345678901

    ✗ dev   not passed
    · prod  needs approval

    ✗ rolled back: dev/web failed and was rolled back
      cause: because
      release r20270113-080000-cccccc
      web sha256:4b5e57f6eb2f42b9039b3d1e13929295f231749c510cbe341cd68036d9af97e2
      unchanged: dev/web, prod/web









    ────────────────────────────────────────────────────────────────────────────────
    esc back  p progress  d differences  f findings  h history  q quit
    ");
}

#[test]
fn the_differences() {
    let mut state = busy();
    key(&mut state, 'd');
    insta::assert_snapshot!(drawn(&mut state, 80, 20), @"
    shop r20270115-080000-aaaaaa  differences                                 ● live
    dev  cluster dev, account main (012345678901)
      web  shop-dev-web:1 → new revision of shop-dev-web, 3 tasks
        image of web: shop@sha256:4b5e57f6eb2f
        ~ containerDefinitions[web].memory: 512 → 1024

    prod  cluster prod, account main (012345678901)
      web  shop-prod-web:1 → new revision of shop-prod-web, 3 tasks
        image of web: shop@sha256:4b5e57f6eb2f
        ~ containerDefinitions[web].memory: 512 → 1024








    ────────────────────────────────────────────────────────────────────────────────
    esc back  p progress  a decide  d differences  f findings  h history  q quit
    ");
}

#[test]
fn the_findings() {
    let mut state = busy();
    key(&mut state, 'f');
    insta::assert_snapshot!(drawn(&mut state, 80, 14), @"
    shop r20270115-080000-aaaaaa  findings                                    ● live
    gate of dev: passed (no findings)
    gate of prod: passed (no findings)

    web (sha256:4b5e57f6eb2f) in main: 2 findings, scanned at 2027-01-15 08:00 UTC
    severity  id             package  installed  fixed     title
    medium    CVE-2026-2222  openssl  1.0        3.0.14-1
    low       CVE-2026-1111  zlib     1.0        -




    ────────────────────────────────────────────────────────────────────────────────
    esc back  p progress  a decide  d differences  f findings  h history  q quit
    ");
}

#[test]
fn the_history() {
    let mut state = busy();
    key(&mut state, 'h');
    insta::assert_snapshot!(drawn(&mut state, 80, 24), @"
    shop r20270115-080000-aaaaaa  history                                     ● live
    01-15 08:00:01 UTC → release          r20270115-080000-aaaaaa: shop to prod
                                          commit c0ffee
                                          requested by developer of 012345678901
    01-15 08:00:02 UTC ✓ web              built by layers: shop@sha256:4b5e57f6eb2f
    01-15 08:00:04 UTC ✓ dev              severity gate: passed (no findings)
    01-15 08:00:06 UTC → dev              entered: cluster dev, account main
                                          (012345678901)
    01-15 08:00:07 UTC → dev/migrate      runs as task 1
    01-15 08:00:08 UTC ✓ dev/migrate      ran, exit code 0
    01-15 08:00:10 UTC → dev/web          shop-dev-web:1 → shop-dev-web:2, 3 tasks
    01-15 08:00:12 UTC ✓ dev              done in 6s
    01-15 08:00:13 UTC ✓ prod             severity gate: passed (no findings)
    01-15 08:00:15 UTC ? prod             waits for approval of plan
                                          64879f7d6b960a01, until 2027-01-16 08:00
                                          UTC (1d)
                                          by anybody with AWS credentials, except
                                            the requester
                                          kanmon approve r20270115-080000-aaaaaa --p
    lan 64879f7d6b960a01


    ────────────────────────────────────────────────────────────────────────────────
    esc back  p progress  a decide  d differences  f findings  h history  q quit
    ");
}

#[test]
fn the_decision_that_is_longer_than_the_screen() {
    let mut state = busy();
    key(&mut state, 'a');
    state.update(sheet(b"plan", 30));
    insta::assert_snapshot!(drawn(&mut state, 60, 14), @"
    shop r20270115-080000-aaaaaa → prod                   ● live
    line 1 of the request
    line 2 of the request
    line 3 of the request
    line 4 of the request
    line 5 of the request
    line 6 of the request
    line 7 of the request
    plan 64879f7d6b960a01 waits for approval of prod, 23h 58m
      left
    22 more lines below: space shows them, then you can approve
    ────────────────────────────────────────────────────────────
    a approve  r reject  c comment  ↑↓ scroll  d differences
    f findings  esc back
    ");
}

#[test]
fn the_question_before_an_approval_is_sent() {
    let mut state = busy();
    key(&mut state, 'a');
    state.update(sheet(b"plan", 4));
    drawn(&mut state, 80, 14);
    for c in "cok\na".chars() {
        state.update(Event::Key(if c == '\n' { Key::Enter } else { Key::Char(c) }));
        drawn(&mut state, 80, 14);
    }
    insta::assert_snapshot!(drawn(&mut state, 80, 14), @"
    shop r20270115-080000-aaaaaa → prod                                       ● live
    line 1 of the request
    line 2 of the request
    line 3 of the request
    line 4 of the request






    approve exactly plan 64879f7d6b960a01 for prod?  “ok”
    ────────────────────────────────────────────────────────────────────────────────
    y yes  n no  c comment
    ");
}

#[test]
fn somebody_who_may_not_approve_reads_why() {
    let mut state = busy();
    key(&mut state, 'a');
    let Event::Opened { release, stage, opened } = sheet(b"plan", 3) else { panic!("it is opened") };
    let refusal = Some(Words::new("this answer would not count").cause("bob requested this release"));
    let sheet = opened.map(|sheet| Sheet { refusal, ..sheet });
    state.update(Event::Opened { release, stage, opened: Box::new(sheet) });
    insta::assert_snapshot!(drawn(&mut state, 80, 12), @"
    shop r20270115-080000-aaaaaa → prod                                       ● live
    line 1 of the request
    line 2 of the request
    line 3 of the request




    ✗ this answer would not count
      cause: bob requested this release
    ────────────────────────────────────────────────────────────────────────────────
    r reject  c comment  ↑↓ scroll  d differences  f findings  esc back
    ");
    key(&mut state, 'a');
    let screen = drawn(&mut state, 80, 12);
    assert!(!screen.contains("approve exactly"), "{screen}");
}

#[test]
fn text_of_others_does_not_move_the_screen() {
    let Fact::Started(mut first) = requested() else { panic!("it starts") };
    first.source.author = Some("Dev\u{1b}[2J\u{202e}\r\n関門".into());
    let facts = [vec![Fact::Started(first)], built()].concat();
    let mut state = state_of(vec![followed(NEW, facts, true)], Some(NEW));
    let screen = drawn(&mut state, 80, 12);
    assert!(screen.contains(r"by Dev\u{1b}[2J\u{202e}\r\n関門"), "{screen}");
    assert!(!screen.chars().any(|c| c != '\n' && crate::model::visible::is_harmful(c)));
}

#[test]
fn long_names_and_many_services_leave_room_for_the_releases() {
    let mut pipeline = pipeline();
    let name = |n: usize| id::<crate::model::ids::ServiceName>(&format!("s{n}-{}", "x".repeat(50)));
    let spec = pipeline.services.values().next().unwrap().clone();
    pipeline.services.extend((0..30).map(|n| (name(n), spec.clone())));
    let services = (0..30).map(name).collect();
    pipeline.stages[0].steps = vec![crate::model::step::Step::Roll(crate::model::step::roll::Roll { services })];
    let mut state = State::new(pipeline, now(), None);
    let snapshot = snapshot(vec![followed(NEW, waiting_for(b"plan"), true)]);
    let mut stages = (*snapshot).clone();
    stages.stages[1].ledger.last_good = Some(LastGood { release: id(OLD), at: at(0) });
    state.update(Event::Record(Arc::new(stages)));
    state.update(Event::Live((id("dev"), name(3)), LiveService { at: now(), read: Ok(reading(new_and_old())) }));
    insta::assert_snapshot!(drawn(&mut state, 80, 12), @"
    shop                                                                      ● live
     dev: 30 services                     1 of 30 read       not by kanmon (1)
     dev/s3-xxxxxxxxxxxxxxxxxxxxxxxxxxx…  ●○○ 1/3 + 2 old ▶  not by kanmon
     prod/web                             reading …          r20270114-080000-bbbbbb
    ─ releases ─────────────────────────────────────────────────────────────────────
    ▸ r20270115-080000-aaaaaa   1m  ✓ dev  ? prod  waits for approval, 23h left




    ────────────────────────────────────────────────────────────────────────────────
    ↑↓ select  enter open  a decide  d differences  f findings  h history  q quit
    ");
}

#[test]
fn a_record_that_cannot_be_read_is_shown_with_its_age() {
    let mut state = busy();
    state
        .update(Event::RecordFailed(crate::ports::journal::JournalError::Busy { file: "state.db".into(), seconds: 5 }));
    state.update(Event::Tick(at(190)));
    let screen = drawn(&mut state, 80, 24);
    assert!(screen.lines().next().unwrap().contains("as of 1m 30s ago"), "{screen}");
}

#[rstest]
fn no_size_of_the_screen_is_too_small(
    #[values(0, 1, 2, 3, 7, 20)] width: u16,
    #[values(0, 1, 2, 3, 5, 9)] height: u16,
) {
    for keys in ["", "p", "d", "f", "h", "a", "ac"] {
        let mut state = busy();
        for c in keys.chars() {
            key(&mut state, c);
            if c == 'a' {
                state.update(sheet(b"plan", 30));
            }
            drawn(&mut state, width, height);
        }
        drawn(&mut state, width, height);
    }
}
