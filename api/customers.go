package api

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/keyset"
	"paigong/workorders"
	"paigong/workorders/customers"
)

func (s *Server) addCustomer(ctx context.Context, by auth.Caller, in *body[customers.CustomerInput]) (customers.Customer, error) {
	return s.desk.AddCustomer(ctx, by, in.Body)
}

func (s *Server) customers(ctx context.Context, by auth.Caller, in *customers.CustomerFilter) (keyset.Page[customers.Customer], error) {
	return s.desk.Look(ctx).Customers.Customers(ctx, by.Scope(), *in)
}

func (s *Server) customer(ctx context.Context, by auth.Caller, in *ByID) (customers.Customer, error) {
	return s.desk.Look(ctx).Customers.Customer(ctx, by.Scope(), in.ID)
}

func (s *Server) patchCustomer(ctx context.Context, by auth.Caller, in *bodyOf[customers.CustomerPatch]) (customers.Customer, error) {
	in.Body.Match = heardIn(ctx).match
	return s.desk.PatchCustomer(ctx, by, in.ID, in.Body)
}

func (s *Server) addContact(ctx context.Context, by auth.Caller, in *bodyOf[customers.ContactInput]) (customers.Contact, error) {
	return s.desk.AddContact(ctx, by, in.ID, in.Body)
}

func (s *Server) patchContact(ctx context.Context, by auth.Caller, in *bodyOf[customers.ContactPatch]) (customers.Contact, error) {
	in.Body.Match = heardIn(ctx).match
	return s.desk.PatchContact(ctx, by, in.ID, in.Body)
}

func (s *Server) addSite(ctx context.Context, by auth.Caller, in *bodyOf[customers.SiteInput]) (customers.Site, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (customers.Site, error) {
		return l.Customers.AddSite(ctx, by, in.ID, in.Body)
	})
}

func (s *Server) patchSite(ctx context.Context, by auth.Caller, in *bodyOf[customers.SitePatch]) (customers.Site, error) {
	in.Body.Match = heardIn(ctx).match
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (customers.Site, error) {
		return l.Customers.PatchSite(ctx, by, in.ID, in.Body)
	})
}

// MergeInput names the file that stays.
type MergeInput struct {
	Into uuid.UUID `json:"into"`
}

func (s *Server) mergeCustomer(ctx context.Context, by auth.Caller, in *bodyOf[MergeInput]) (customers.Customer, error) {
	return s.desk.MergeCustomers(ctx, by, in.ID, in.Body.Into)
}

func (s *Server) eraseCustomer(ctx context.Context, by auth.Caller, in *ByID) (customers.Customer, error) {
	return s.desk.EraseCustomer(ctx, by, in.ID)
}

func (s *Server) addAsset(ctx context.Context, by auth.Caller, in *body[customers.AssetInput]) (customers.Asset, error) {
	return s.desk.AddAsset(ctx, by, in.Body)
}

func (s *Server) assets(ctx context.Context, by auth.Caller, in *struct {
	customers.AssetFilter
	Customer string `query:"customer" doc:"customer's id"`
	Site     string `query:"site" doc:"site's id"`
}) (keyset.Page[customers.Asset], error) {
	var err error
	if in.CustomerID, err = idIn("customer", in.Customer); err != nil {
		return keyset.Page[customers.Asset]{}, err
	}
	if in.SiteID, err = idIn("site", in.Site); err != nil {
		return keyset.Page[customers.Asset]{}, err
	}
	return s.desk.Look(ctx).Customers.Assets(ctx, by.Scope(), in.AssetFilter)
}

func (s *Server) asset(ctx context.Context, by auth.Caller, in *ByID) (customers.Asset, error) {
	return s.desk.Look(ctx).Customers.Asset(ctx, by.Scope(), in.ID)
}

func (s *Server) patchAsset(ctx context.Context, by auth.Caller, in *bodyOf[customers.AssetPatch]) (customers.Asset, error) {
	in.Body.Match = heardIn(ctx).match
	return s.desk.PatchAsset(ctx, by, in.ID, in.Body)
}

func (s *Server) assetHistory(ctx context.Context, by auth.Caller, in *struct {
	ByID
	keyset.Ask
}) (keyset.Page[customers.Happening], error) {
	return s.desk.Look(ctx).Customers.AssetHistory(ctx, by.Scope(), in.ID, in.Ask)
}

func (s *Server) addContract(ctx context.Context, by auth.Caller, in *body[customers.ContractInput]) (customers.Contract, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (customers.Contract, error) {
		return l.Customers.AddContract(ctx, by, in.Body)
	})
}

func (s *Server) contracts(ctx context.Context, by auth.Caller, in *struct {
	customers.ContractFilter
	Customer string `query:"customer" doc:"customer's id"`
	Asset    string `query:"asset" doc:"device's id"`
	Day      string `query:"on" format:"date" doc:"only those that cover this day"`
}) (keyset.Page[customers.Contract], error) {
	var err error
	if in.CustomerID, err = idIn("customer", in.Customer); err != nil {
		return keyset.Page[customers.Contract]{}, err
	}
	if in.AssetID, err = idIn("asset", in.Asset); err != nil {
		return keyset.Page[customers.Contract]{}, err
	}
	if in.On, err = day("on", in.Day); err != nil {
		return keyset.Page[customers.Contract]{}, err
	}
	return s.desk.Look(ctx).Customers.Contracts(ctx, by.Scope(), in.ContractFilter)
}

// FoundList is the answer of a search.
type FoundList struct {
	Items      []workorders.Found `json:"items"`
	NextCursor string             `json:"next_cursor"`
}

func (s *Server) search(ctx context.Context, by auth.Caller, in *struct {
	Q string `query:"q" required:"true" minLength:"1" maxLength:"100" doc:"number, name, pinyin initials, phone, serial, plate, or text"`
}) (FoundList, error) {
	list, err := s.desk.Search(ctx, by, in.Q)
	return FoundList{Items: list}, err
}
