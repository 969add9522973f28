//! Attacks of somebody who administers development and can write the repository and the state, against production.
//!
//! Each attack has a number and a file, and is tried in the topologies that it applies to (`world::Topology`), with a control: the honest
//! variant succeeds. The first lines of a file describe the attack. Attacks that are not tested, or only in part:
//!
//! | attack | description | why it is not tested |
//! | --- | --- | --- |
//! | A21, A22, A23 | build specifications, build overrides, direct calls of AWS | outside kanmon: production's own pipeline and IAM prevent these; a command line cannot |
//! | A24 | development may push into production's repository | outside kanmon: a separate repository for incoming images, and permissions on the live one, prevent it |
//! | A4 | the approver's identity is read on the approver's own machine, and anybody who can write the state can write an answer | needs an identity that AWS confirms where the answer is written. With CodePipeline it is tested; A6 tests a forged approval up to the gate, which is judged by the process that acts |
//! | A15 | the release's own file has no approval and no gate | needs a policy in the target account. A record of such a file is refused if the file there differs (A13) |
//! | A16 | `images: pull` leaves production's gate to development's scanner | needs the scanner's account. Suppressed findings are shown, and count if the file says so (A25) |
//! | A27 | somebody who can write the state lifts freezes and locks in another person's name | needs freezes and locks in the target account |
//! | A25 | an older commit than the one that runs is released again | needs a policy in the target account: only the age of scans is tested |
//! | A26 | a release with an id of the far future in the state itself | whoever can write the state can write the ledgers. Imports are tested |

pub mod codepipeline;
pub mod record;
pub mod world;

mod a01_an_execution_that_does_not_exist;
mod a02_two_people_request_and_one_approves;
mod a03_an_approver_of_any_account;
mod a04_a_record_says_approved;
mod a05_a_record_names_other_children;
mod a06_a_record_says_entered;
mod a07_a_sidecar_that_is_not_shown;
mod a08_an_annotation_hides_an_image;
mod a09_escape_sequences_rewrite_the_request;
mod a10_an_answer_goes_to_another_pipeline;
mod a11_a_record_names_a_profile;
mod a12_another_scanner_by_its_address;
mod a13_a_record_names_a_command;
mod a14_the_repository_contains_its_state;
mod a17_a_record_names_another_registry;
mod a18_another_name_of_the_developer_approves;
mod a19_an_event_starts_the_pipeline;
mod a20_a_rejected_plan_is_requested_again;
mod a25_a_scan_is_old_or_hidden;
mod a26_an_import_counts_as_a_release;
mod a28_a_short_plan_or_none;
mod a29_an_old_approval_is_replayed;
mod a30_a_tag_is_moved_after_approval;
mod a31_a_template_is_changed_midway;
mod contradictory_records;
mod honest_releases;
mod malicious_registries;
