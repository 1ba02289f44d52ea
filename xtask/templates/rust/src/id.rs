//! The ids of this service. They have a file of their own because rules and errors both name them,
//! and files must not import each other in a circle.

souk_types::typed_ids! {
    /// Names an entry.
    EntryId = "entry";
}
