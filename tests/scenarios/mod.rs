//! Stories: whole releases on the sandbox in process, under one virtual clock. One story a file.

mod stage;

mod the_whole_road;
