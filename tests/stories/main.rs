//! Acceptance criteria, told over HTTP against a whole server.

mod activation;
mod card;
mod checks;
mod company;
mod dates;
mod delegations;
mod door;
mod ended;
mod feed;
mod holds;
mod inspector;
mod kinds;
mod made_again;
mod people;
mod race;
mod reading;
mod ready;
mod repeats;
mod roles;
mod rules;
mod sessions;
mod sight;
mod signing;
mod tables;
mod trade;
mod worklist;
