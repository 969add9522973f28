//! Attacks: what somebody who administers development, writes the repository and the state tries to get into production.
//!
//! One file a row, named by its number, in the topologies that it applies to (`world::Topology`), each with its control: the honest variant
//! passes. A file's first line says what the row is. Rows that are not played, or only as far as said here:
//!
//! | row | what | why |
//! | --- | --- | --- |
//! | A21, A22, A23 | build specifications, build overrides, direct calls of AWS | outside: production's own pipeline and IAM stop these; no command line can |
//! | A24 | development may push into production's repository | outside: a repository for incoming images, and who may write the live one |
//! | A4 | who approves is asked by the approver's own machine, and whoever writes the state can write an answer | needs the floor: an identity that AWS vouches for where the answer is written. Where that is CodePipeline, A4 is played; A6 plays a forged approval as far as the gate, which is judged by who acts |
//! | A15 | the release's own file wants no approval and no gate | needs the floor: a policy in the target account. A record of such a file is refused where the file there says otherwise (A13) |
//! | A16 | `images: pull` leaves production's gate to development's scanner | needs the floor: the scanner's account. What is suppressed is shown, and counts where the file says (A25) |
//! | A27 | freezes and locks are lifted in anybody's name by who writes the state | needs the floor: they have to stand in the target account |
//! | A25 | an older commit than what runs is released again | needs the floor: only the age of scans is played |
//! | A26 | a release that begins with an id of the far future in the state itself | needs the floor: who writes the state writes the ledgers. Imports are played |

pub mod codepipeline;
pub mod record;
pub mod world;

mod a01_an_execution_that_is_made_up;
mod a02_two_names_ask_and_one_approves;
mod a03_an_approver_of_any_account;
mod a04_a_record_says_approved;
mod a05_a_record_names_other_children;
mod a06_a_record_says_entered;
mod a07_a_sidecar_that_nobody_is_shown;
mod a08_an_annotation_hides_an_image;
mod a09_escape_sequences_rewrite_the_sheet;
mod a10_an_answer_goes_to_another_pipeline;
mod a11_a_record_names_a_profile;
mod a12_another_scanner_by_its_address;
mod a13_a_record_brings_a_command;
mod a14_the_repository_brings_its_state;
mod a17_a_record_names_another_registry;
mod a18_another_name_of_the_developer_approves;
mod a19_an_event_starts_the_pipeline;
mod a20_a_rejected_plan_is_asked_again;
mod a25_a_scan_is_old_or_hidden;
mod a26_an_import_is_given_weight;
mod a28_a_short_plan_or_none;
mod a29_an_old_approval_is_played_again;
mod a30_a_tag_is_moved_after_approval;
mod a31_a_template_is_changed_midway;
mod honest_releases;
mod records_that_do_not_hold_together;
mod registries_that_lie;
