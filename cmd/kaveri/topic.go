package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) topicCommand() *cobra.Command {
	list := p.reads(&cobra.Command{
		Use: "list", Short: "List the topics that mailings can be about", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listTopics(c.Context()) },
	})
	var english, finnish string
	add := p.reads(&cobra.Command{
		Use: "add NAME", Short: "Add a topic, or change what people call it", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.addTopic(c.Context(), args[0], english, finnish, c.Flags().Changed)
		},
	})
	add.Flags().StringVar(&english, "english", "", "what people who read English call it")
	add.Flags().StringVar(&finnish, "finnish", "", "what people who read Finnish call it")
	remove := &cobra.Command{
		Use: "remove NAME", Short: "Take a topic off the list; what people have said of it stays and holds", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.removeTopic(c.Context(), args[0]) },
	}
	return group("topic", "Topics of mailings, which people can want or not want by themselves", list, add, remove)
}

func (p *program) listTopics(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	f, err := s.Firm(ctx)
	if err != nil {
		return err
	}
	l := p.listing("NAME", "ENGLISH", "FINNISH")
	for _, topic := range f.Topics {
		if err := l.entry(topic, topic.Name, topic.English, topic.Finnish); err != nil {
			return err
		}
	}
	return l.end()
}

// changeTopics changes the firm's list.
func changeTopics(ctx context.Context, s *store.Store, change func(*crm.Firm) error) error {
	f, err := s.Firm(ctx)
	if err != nil {
		return err
	}
	f.Topics = slices.Clone(f.Topics)
	if err := change(&f); err != nil {
		return err
	}
	return s.SaveFirm(ctx, crm.SystemViewer, f)
}

func (p *program) addTopic(ctx context.Context, name, english, finnish string, asked func(string) bool) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	name = strings.ToLower(strings.TrimSpace(name))
	var topic *crm.Topic
	err = changeTopics(ctx, s, func(f *crm.Firm) error {
		i := slices.IndexFunc(f.Topics, func(t crm.Topic) bool { return t.Name == name })
		if i < 0 {
			i = len(f.Topics)
			f.Topics = append(f.Topics, crm.Topic{Name: name})
		}
		topic = &f.Topics[i]
		if asked("english") {
			topic.English = english
		}
		if asked("finnish") {
			topic.Finnish = finnish
		}
		return nil
	})
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(*topic)
	}
	p.printf("Mailings can be about %s (%s, %s): kaveri send --topic %s\n", name, printable(topic.In("en")), printable(topic.In("fi")), name)
	return nil
}

func (p *program) removeTopic(ctx context.Context, name string) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := changeTopics(ctx, s, func(f *crm.Firm) error {
		n := len(f.Topics)
		f.Topics = slices.DeleteFunc(f.Topics, func(t crm.Topic) bool { return t.Name == name })
		if len(f.Topics) == n {
			return noTopic(f, name)
		}
		return nil
	}); err != nil {
		return err
	}
	p.printf("%s is off the list. Who said not to want it is not written to about it.\n", printable(name))
	return nil
}

// noTopic says that a topic is not on the list, and what is.
func noTopic(f *crm.Firm, name string) error {
	var names []string
	for _, t := range f.Topics {
		names = append(names, t.Name)
	}
	if len(names) == 0 {
		return &crm.Error{Kind: crm.KindNotFound, Field: "topic", Text: "there are no topics yet; add one: kaveri topic add " + name}
	}
	return &crm.Error{Kind: crm.KindNotFound, Field: "topic", Text: "no topic is called " + name + "; there are: " + strings.Join(names, ", ")}
}
