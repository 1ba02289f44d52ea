//! `souk replay`: sells a real retailer's invoices through the API.
