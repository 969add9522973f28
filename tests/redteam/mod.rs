//! Attacks: what somebody who administers development, writes the repository and the state tries to get into production.
//!
//! One file a row, in the topologies that it applies to (`rig::Topology`), each with its control: the honest variant passes. Rows that are
//! not played here, and why:
//!
//! | row | what | where |
//! | --- | --- | --- |
//! | A21, A22, A23 | build specifications, build overrides and direct calls of AWS | outside: production's own pipeline and its IAM stop these, no command line can |
//! | A24 | development may push into production's repository | outside: a repository for incoming images, and who may write the live one |
//! | A4 | who approves is asked by the approver's own machine | needs the floor: an identity that AWS vouches for where the answer is written |
//! | A15 | the release's own file wants no approval and no gate | needs the floor: a policy in the target account |
//! | A16 | `images: pull` leaves production's gate to development's scanner | needs the floor: the scanner's account; suppressed findings are counted where the file says (A25) |
//! | A27 | freezes and locks are lifted in anybody's name by who writes the state | needs the floor: they have to stand in the target account |

mod codepipeline;
#[allow(dead_code)] // Rows take of it what they need.
pub mod record;
#[allow(dead_code)]
pub mod rig;

mod a03_an_approver_of_any_account;
mod a05_a_record_names_other_children;
mod a08_an_annotation_hides_an_image;
mod a09_escape_sequences_rewrite_the_sheet;
mod a10_an_answer_goes_to_another_pipeline;
mod a18_another_name_of_the_developer_approves;
mod a20_a_rejected_plan_is_asked_again;
mod a28_a_short_plan_or_none;
mod a29_an_old_approval_is_played_again;
mod a30_a_tag_is_moved_after_approval;
mod a31_a_template_is_changed_midway;
mod registries_that_lie;
mod standing;
