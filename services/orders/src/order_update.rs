//! Changing what an order says besides its lines and its money. Pure.

use crate::error::Error;
use crate::order::{Details, Order};
use crate::state::State;

/// A field that UpdateOrder can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Contact,
    ShippingAddress,
    BillingAddress,
    CustomerNote,
    Reference,
    Metadata,
}

impl Field {
    /// All of them.
    pub const ALL: [Field; 6] = [
        Field::Contact,
        Field::ShippingAddress,
        Field::BillingAddress,
        Field::CustomerNote,
        Field::Reference,
        Field::Metadata,
    ];

    /// Returns the name in the contract, which the history stores, too. It never changes.
    pub fn name(self) -> &'static str {
        match self {
            Field::Contact => "contact",
            Field::ShippingAddress => "shipping_address",
            Field::BillingAddress => "billing_address",
            Field::CustomerNote => "customer_note",
            Field::Reference => "reference",
            Field::Metadata => "metadata",
        }
    }

    /// Returns whether users may change it as well as services and staff.
    pub fn is_for_users(self) -> bool {
        !matches!(self, Field::Reference | Field::Metadata)
    }
}

/// What an order is to say from now on.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderUpdate {
    /// What changes, each once; all else stays as it is.
    pub fields: Vec<Field>,
    pub reference: String,
    pub details: Details,
}

impl Order {
    /// Returns what changes whenever the order changes.
    pub fn etag(&self) -> String {
        self.version.to_string()
    }

    /// Returns an update without the fields that the order has already.
    pub fn news_of(&self, update: &OrderUpdate) -> OrderUpdate {
        let is = &self.details;
        let wanted = &update.details;
        let differs = |field: &Field| match field {
            Field::Contact => is.contact != wanted.contact,
            Field::ShippingAddress => is.shipping_address != wanted.shipping_address,
            Field::BillingAddress => is.billing_address != wanted.billing_address,
            Field::CustomerNote => is.customer_note != wanted.customer_note,
            Field::Reference => self.reference != update.reference,
            Field::Metadata => is.metadata != wanted.metadata,
        };
        let fields = update.fields.iter().copied().filter(differs).collect();
        OrderUpdate { fields, ..update.clone() }
    }

    /// Checks that these fields can be changed now: of an order that is not over, and where the
    /// goods go only as long as none have left or are about to leave.
    pub fn can_update(&self, fields: &[Field]) -> Result<(), Error> {
        let is_over = matches!(self.axes.state, State::Canceled | State::Rejected);
        let are_goods_here = !self.axes.fulfillment.has_left() && self.pending().is_none();
        let moves_goods = fields.contains(&Field::ShippingAddress);
        self.check(!is_over && (are_goods_here || !moves_goods))
    }

    /// Changes what the order says.
    pub fn update(&mut self, update: &OrderUpdate) -> Result<(), Error> {
        self.can_update(&update.fields)?;
        let wanted = &update.details;
        for field in &update.fields {
            match field {
                Field::Contact => self.details.contact.clone_from(&wanted.contact),
                Field::ShippingAddress => {
                    self.details.shipping_address.clone_from(&wanted.shipping_address);
                }
                Field::BillingAddress => {
                    self.details.billing_address.clone_from(&wanted.billing_address);
                }
                Field::CustomerNote => {
                    self.details.customer_note.clone_from(&wanted.customer_note);
                }
                Field::Reference => self.reference.clone_from(&update.reference),
                Field::Metadata => self.details.metadata.clone_from(&wanted.metadata),
            }
        }
        Ok(())
    }
}
